/* Between a host's pictures and the worker's: float32, interleaved, rows from top to bottom, without padding. */
#ifndef INTERNEG_PIXELS_H
#define INTERNEG_PIXELS_H

#include <stdbool.h>
#include <stdint.h>

#include "ofx.h"

enum depth { DEPTH_BYTE, DEPTH_SHORT, DEPTH_HALF, DEPTH_FLOAT };

struct image {
    const unsigned char *data; /* of the bottom left pixel */
    ptrdiff_t row_bytes;       /* from a row to the one above it; of any sign */
    OfxRectI bounds;           /* in pixels, y growing upwards */
    enum depth depth;
    int channels; /* 1 (alpha), 3 or 4 */
};

size_t pixels_size(OfxRectI area, int channels); /* bytes of a worker's picture */

/* 128 bits that stand for the samples and their layout; not meant against an adversary. `x` and `y` say where the
 * picture lies. */
void pixels_digest(const struct image *image, int x, int y, uint64_t digest[2]);

/* Byte and short samples are divided by 255 and 65535. */
void pixels_take(const struct image *image, float *picture);

/* Write the picture, which covers `area`, into the image. Byte and short round to the nearest, and hold 0 to 1 alone;
 * NaN becomes 0 there. */
void pixels_give(const struct image *image, OfxRectI area, const float *picture);

#endif
