/* Memory that is shared with the worker. */
#ifndef INTERNEG_PLATFORM_MEMORY_H
#define INTERNEG_PLATFORM_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of memory that the machine has. */
uint64_t platform_memory(void);

/* Make shared memory of `size` bytes, whose size can no longer be changed. It is the caller's, who gives it
 * back with platform_unshare. Returns where it lies and sets `descriptor`, which is sent to the worker; NULL
 * where there is no memory left. */
void *platform_share(size_t size, int *descriptor);

/* Give shared memory back. The worker keeps what it was sent until it closes it. */
void platform_unshare(void *pixels, size_t size, int descriptor);

#endif
