/* Pictures in shared memory: float32, interleaved, rows from top to bottom. */
#ifndef INTERNEG_POOL_H
#define INTERNEG_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct picture {
    int descriptor;
    float *pixels;
    size_t size; /* bytes */
    uint64_t digest[2];
    bool known;   /* by its digest: others may look for it */
    bool spoiled; /* a worker may still look at it: not to be written again */
    int users;
    uint64_t used;
    struct picture *next;
};

/* A picture that nobody else uses, of any content; NULL where there is no memory. What is kept beyond the limit
 * ($INTERNEG_POOL_MB, by default a quarter of the machine's memory) makes way, longest unused first. */
struct picture *pool_take(size_t size);
/* The picture of that digest and size, or NULL. */
struct picture *pool_find(const uint64_t digest[2], size_t size);
/* Let others find it from now on; its content stays as it is. */
void pool_keep(struct picture *picture, const uint64_t digest[2]);
/* spoiled: the request that it was sent with did not end as it should. */
void pool_release(struct picture *picture, bool spoiled);
/* Give up all that is not in use. */
void pool_empty(void);

#endif
