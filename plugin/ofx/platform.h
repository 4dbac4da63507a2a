/* All that differs between operating systems, in one file. Linux is done; macOS and Windows are not tried. */
#ifndef INTERNEG_PLATFORM_H
#define INTERNEG_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_ROOM = 4096, ERROR_ROOM = 1024, MOST_WORDS = 32 };

enum platform_lock { LOCK_NODES, LOCK_POOL, LOCK_CLIENT, LOCK_START, LOCKS };

void platform_lock(enum platform_lock lock);
bool platform_try_lock(enum platform_lock lock);
void platform_unlock(enum platform_lock lock);

double platform_seconds(void); /* of a clock that only goes forward */
void platform_sleep(double seconds);
long platform_process(void);
uint64_t platform_memory(void); /* bytes in the machine */

/* Numbers written with a point, whatever the host's locale. */
double platform_to_number(const char *word);
void platform_from_number(char *word, size_t room, double number);

/* The file NAME in the bundle's Contents/Resources, ended by a zero; NULL where it cannot be read or is longer than
 * `most` bytes. Freed by free(). */
char *platform_resource(const char *name, size_t most, size_t *length);

/* Memory to share with the worker, of a size that nobody can change. NULL where there is none. */
void *platform_share(size_t size, int *descriptor);
void platform_unshare(void *pixels, size_t size, int descriptor);

/* A path that holds whatever the current folder is: `path` itself, or `room`; as it is where there is none. */
const char *platform_absolute(const char *path, char room[PATH_ROOM]);

/* Make the runtime folder, or refuse it with an error. */
bool platform_runtime(char *folder, size_t room, char *error);

enum { NOBODY = -1, REFUSED = -2 };

/* A connection to whoever listens at `path`: at least 0; NOBODY; or REFUSED, with an error. */
int platform_connect(const char *path, long *process, char *error);
bool platform_waiting(int connection); /* whether something has come, the end included */
void platform_hang_up(int connection);

/* Send or receive a part of `length` bytes: how many; 0 where none can go for 20 ms; -1 where the other side is gone.
 * Descriptors travel with the first byte. */
ptrdiff_t platform_send(int connection, const void *bytes, size_t length, const int *descriptors, size_t count);
ptrdiff_t platform_receive(int connection, void *bytes, size_t length);

/* Whether there is such a program, as far as its name alone tells. */
bool platform_has_program(const char *name);
/* Start a command of at most MOST_WORDS that outlives the host and is not its child, in the root folder; its output
 * goes to `log`. Its process, or 0 and an error. group: what ends it and all that it has started. */
long platform_start(char *const *command, const char *log, long *group, char *error);
bool platform_lives(long process);
/* End a process, or a group of them, at once; never the host's own. */
void platform_kill(long process);
void platform_kill_group(long group);

#endif
