#include "platform_locks.h"

#include <pthread.h>

static pthread_mutex_t locks[LOCKS] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
    PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};

void platform_lock(enum platform_lock lock)
{
    pthread_mutex_lock(&locks[lock]);
}

bool platform_try_lock(enum platform_lock lock)
{
    return pthread_mutex_trylock(&locks[lock]) == 0;
}

void platform_unlock(enum platform_lock lock)
{
    pthread_mutex_unlock(&locks[lock]);
}
