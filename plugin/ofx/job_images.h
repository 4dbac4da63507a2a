/* Pictures of the host, copied into shared memory for the worker. */
#ifndef INTERNEG_JOB_IMAGES_H
#define INTERNEG_JOB_IMAGES_H

#include "job.h"
#include "pixels.h"

/* Ask the host for a clip's picture at a time. NULL where it gives none; else the caller gives it back with
 * host.effect->clipReleaseImage. */
OfxPropertySetHandle fetch_image(OfxImageClipHandle clip, double time);

/* Set `image` to where a picture of the host lies and what it is; its pixels stay the host's. False where it
 * has no pixels, and, with the job's error set, where they are of a kind that was not asked for. */
bool read_image(struct job *job, OfxPropertySetHandle from, struct image *image);

/* Copy a picture of the host into shared memory and add it to the job's pictures. digest: NULL, or where to
 * write the 128 bits that stand for its content, by which a picture that is already in shared memory is
 * found. False, with the job's error set, where there is no room. */
bool add_image(struct job *job, const struct image *image, uint64_t *digest);

/* Add a picture for the worker to write, which covers `area` and is so many pixels right of `left` and below
 * `top`. It is returned and is the job's; NULL, with the job's error set, where there is no room. */
struct picture *add_empty_image(struct job *job, OfxRectI area, int channels, int left, int top);

#endif
