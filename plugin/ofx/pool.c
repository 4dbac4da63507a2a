#include "pool.h"

#include <stdlib.h>

#include "platform_locks.h"
#include "platform_memory.h"
#include "settings.h"

static struct picture *pictures;
static uint64_t total, turn;

static void drop(struct picture *picture)
{
    struct picture **link = &pictures;
    while (*link != picture)
        link = &(*link)->next;
    *link = picture->next;
    total -= picture->size;
    platform_unshare(picture->pixels, picture->size, picture->descriptor);
    free(picture);
}

static struct picture *oldest(void)
{
    struct picture *found = NULL;
    for (struct picture *picture = pictures; picture; picture = picture->next)
        if (picture->users == 0 && (!found || picture->used < found->used))
            found = picture;
    return found;
}

static struct picture *make(size_t size)
{
    struct picture *picture = calloc(1, sizeof *picture);
    if (!picture)
        return NULL;
    picture->pixels = platform_share(size, &picture->descriptor);
    if (!picture->pixels) {
        free(picture);
        return NULL;
    }
    picture->size = size;
    picture->next = pictures;
    pictures = picture;
    total += size;
    return picture;
}

/* One that can be written again: new memory costs several times what writing it costs. */
static struct picture *reuse(size_t size)
{
    for (struct picture *picture = pictures; picture; picture = picture->next)
        if (picture->users == 0 && !picture->known && !picture->abandoned && picture->size == size)
            return picture;
    uint64_t most = settings_pool_bytes();
    struct picture *old;
    while (total + size > most && (old = oldest())) {
        if (old->size == size && !old->abandoned)
            return old;
        drop(old);
    }
    return NULL;
}

struct picture *pool_take(size_t size)
{
    platform_lock(LOCK_POOL);
    struct picture *picture = reuse(size);
    if (!picture)
        picture = make(size);
    if (picture) {
        picture->known = false;
        picture->users = 1;
        picture->used = ++turn;
    }
    platform_unlock(LOCK_POOL);
    return picture;
}

struct picture *pool_find(const uint64_t digest[2], size_t size)
{
    platform_lock(LOCK_POOL);
    struct picture *found = pictures;
    while (found && !(found->known && found->size == size && found->digest[0] == digest[0] &&
                        found->digest[1] == digest[1]))
        found = found->next;
    if (found) {
        found->users++;
        found->used = ++turn;
    }
    platform_unlock(LOCK_POOL);
    return found;
}

void pool_keep(struct picture *picture, const uint64_t digest[2])
{
    platform_lock(LOCK_POOL);
    picture->digest[0] = digest[0];
    picture->digest[1] = digest[1];
    picture->known = true;
    platform_unlock(LOCK_POOL);
}

void pool_release(struct picture *picture, bool abandoned)
{
    platform_lock(LOCK_POOL);
    picture->abandoned = picture->abandoned || abandoned;
    if (--picture->users == 0 && picture->abandoned && !picture->known)
        drop(picture);
    platform_unlock(LOCK_POOL);
}

void pool_empty(void)
{
    struct picture *picture;
    platform_lock(LOCK_POOL);
    while ((picture = oldest()))
        drop(picture);
    platform_unlock(LOCK_POOL);
}
