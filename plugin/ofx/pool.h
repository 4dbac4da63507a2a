/* Pictures in shared memory: float32, interleaved, rows from top to bottom. Those that are likely to be asked
 * for again are kept, and found by their content. */
#ifndef INTERNEG_POOL_H
#define INTERNEG_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Belongs to the pool. Who took or found it may use it until pool_release. */
struct picture {
    int descriptor; /* what the worker is sent */
    float *pixels;
    size_t size; /* bytes */
    uint64_t digest[2];
    bool known;     /* by its digest: others may find it */
    bool abandoned; /* a worker that did not answer may still use it: it is not written again */
    int users;
    uint64_t used; /* grows with each use: the least was used longest ago */
    struct picture *next;
};

/* A picture of `size` bytes of any content, that nobody else uses; NULL where there is no memory left. Where
 * more is kept than settings_pool_bytes allows, those that were not used for longest are freed first. */
struct picture *pool_take(size_t size);

/* The picture of that digest and size; NULL where there is none. It is not written to. */
struct picture *pool_find(const uint64_t digest[2], size_t size);

/* Let others find a picture by its digest from now on. It is not written to any more. */
void pool_keep(struct picture *picture, const uint64_t digest[2]);

/* End the use of a picture. abandoned: it was sent with a request that was not answered as it should be. */
void pool_release(struct picture *picture, bool abandoned);

/* Free all pictures that nobody uses. */
void pool_empty(void);

#endif
