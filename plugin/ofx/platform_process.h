/* Processes: the host's own, and the worker's, which is started and ended. */
#ifndef INTERNEG_PLATFORM_PROCESS_H
#define INTERNEG_PLATFORM_PROCESS_H

#include <stdbool.h>

enum { MOST_WORDS = 32 }; /* of a command that is started */

/* The number of the process that calls. */
long platform_process(void);

/* Whether a program can be run, as far as its name tells: false where `name` is a path to no program; true
 * for a name without a slash, which is looked for in $PATH only when it is started. */
bool platform_has_program(const char *name);

/* Start a command: at most MOST_WORDS words and a final NULL. It outlives the host and is not its child; it
 * runs in the root folder, without the host's open files and without its LD_ and PYTHON variables; what it
 * prints is added to the file `log`. Returns the number of its process and sets `group`, which
 * platform_kill_group takes; 0, with a message of at most ERROR_ROOM bytes in `error`, where it cannot be
 * started. */
long platform_start(char *const *command, const char *log, long *group, char *error);

/* Whether a process still runs; false for one that has ended and whose parent has not yet asked how. */
bool platform_is_alive(long process);

/* End a process at once. The host's own is left alone. */
void platform_kill(long process);

/* End a group of processes at once: what platform_start started, and all that came of it. The host's own
 * group is left alone. */
void platform_kill_group(long group);

#endif
