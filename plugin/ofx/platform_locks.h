/* The locks of the plugin: one for each piece of data that several threads of the host share.
 *
 * The files platform_*.c hold all that differs between operating systems. They are written for Linux; macOS
 * and Windows have not been tried. */
#ifndef INTERNEG_PLATFORM_LOCKS_H
#define INTERNEG_PLATFORM_LOCKS_H

#include <stdbool.h>

enum platform_lock {
    LOCK_NODES,  /* the table of nodes, while it is read (nodes.c) */
    LOCK_POOL,   /* the pictures in shared memory (pool.c) */
    LOCK_CLIENT, /* idle connections, the host's name, and which worker is ending (client.c and its parts) */
    LOCK_SPACES, /* the names of colour spaces, while the worker is asked for them (space_names.c) */
    LOCK_START,  /* held by the one thread that starts the worker (connect.c) */
    LOCKS
};

/* Wait for a lock and take it. A thread that takes a lock twice waits forever. */
void platform_lock(enum platform_lock lock);

/* Take a lock without waiting: true where it is taken, false where another thread has it. */
bool platform_try_lock(enum platform_lock lock);

/* Give a lock back that this thread has taken. */
void platform_unlock(enum platform_lock lock);

#endif
