/* Files and folders: those of the bundle, and the folder where shell and worker meet. */
#ifndef INTERNEG_PLATFORM_PATHS_H
#define INTERNEG_PLATFORM_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "sizes.h"

/* Read the file `name` of the bundle's Contents/Resources. Returns its bytes, ended by a zero, and sets
 * `length`, which does not count the zero; the caller frees them with free(). NULL where the file cannot be
 * read or is longer than `most` bytes. */
char *platform_resource(const char *name, size_t most, size_t *length);

/* The absolute path of a file: `path` itself where it is absolute, else the path written into `room`. Where
 * the current folder is not known or the path grows too long, `path` as it is. */
const char *platform_absolute(const char *path, char room[PATH_ROOM]);

/* Write the path of the worker's folder into the `room` bytes at `folder`, and make the folder where it is
 * missing: $INTERNEG_WORKER_DIR, else $XDG_RUNTIME_DIR/interneg, else /tmp/interneg-UID. False, with a
 * message of at most ERROR_ROOM bytes in `error`, where it cannot be made, or where it is not this user's
 * alone. */
bool platform_worker_folder(char *folder, size_t room, char *error);

#endif
