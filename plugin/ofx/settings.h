/* What environment variables set as numbers. */
#ifndef INTERNEG_SETTINGS_H
#define INTERNEG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* $INTERNEG_TIMEOUT, by default 20: seconds of silence after which the worker is taken to hang. */
double settings_answer_timeout(void);

/* $INTERNEG_START_TIMEOUT, by default 60: seconds within which a worker that was started has to answer. */
double settings_start_timeout(void);

/* $INTERNEG_POOL_MB in bytes, by default a quarter of the machine's memory: how large the pool grows. */
uint64_t settings_pool_bytes(void);

/* Set `gpu` to $INTERNEG_GPU, the number of the GPU that the worker uses, as text; to "" where it is not set.
 * False, with a message of at most ERROR_ROOM bytes in `error`, where it is no number from 0 to 999. */
bool settings_gpu(const char **gpu, char *error);

#endif
