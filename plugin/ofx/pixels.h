/* Between the host's pictures and the worker's, which are float32, interleaved, rows from top to bottom,
 * without padding. */
#ifndef INTERNEG_PIXELS_H
#define INTERNEG_PIXELS_H

#include <stdbool.h>
#include <stdint.h>

#include "ofx.h"

enum depth { DEPTH_BYTE, DEPTH_SHORT, DEPTH_HALF, DEPTH_FLOAT };

/* A picture of the host, whose pixels are the host's. */
struct image {
    const unsigned char *data; /* of the bottom left pixel */
    ptrdiff_t row_bytes;       /* from a row to the one above it; of any sign */
    OfxRectI bounds;           /* in pixels, y growing upwards */
    enum depth depth;
    int channels; /* 1 (alpha), 3 or 4 */
};

/* Bytes of a worker's picture of that area. */
size_t pixels_size(OfxRectI area, int channels);

/* Set 128 bits that stand for the samples, their layout, and the place where the picture lies: `x` to the
 * right and `y` down, in pixels. They are not safe against somebody who makes pictures of the same digest. */
void pixels_digest(const struct image *image, int x, int y, uint64_t digest[2]);

/* Copy the image into a worker's picture of pixels_size bytes. Byte and short samples are divided by 255 and
 * 65535; half and float are copied as they are, NaN and infinity too. */
void pixels_take(const struct image *image, float *picture);

/* Write a worker's picture, which covers `area` and has the image's channels, into the image. Byte and short
 * samples are multiplied by 255 and 65535, rounded to the nearest and limited to what they can hold, NaN
 * becoming 0; half is rounded to the nearest, ties to even; float is copied as it is. */
void pixels_give(const struct image *image, OfxRectI area, const float *picture);

#endif
