/* How the worker is started, and where its files lie. */
#ifndef INTERNEG_WORKER_FILES_H
#define INTERNEG_WORKER_FILES_H

#include <stdbool.h>

#include "platform_process.h"
#include "sizes.h"

enum { COMMAND_ROOM = 16384 }; /* bytes of a command */

/* Read the command that starts the worker: $INTERNEG_WORKER, split at spaces, else the bundle's worker.json.
 * `words` is ended by a NULL and points into `room`. False, with a message of at most ERROR_ROOM bytes in
 * `error`, where there is no command or its program cannot be run. */
bool worker_command(char room[COMMAND_ROOM], char *words[MOST_WORDS + 1], char *error);

/* Write the path of the worker's file of that ending, ".sock" or ".log", into `path`; each GPU that
 * $INTERNEG_GPU names has files of its own. Makes the folder where it is missing. False, with a message in
 * `error`, where it cannot. */
bool worker_path(char path[PATH_ROOM], const char *ending, char *error);

#endif
