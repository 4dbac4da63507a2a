#include "job_frames.h"

#include <math.h>
#include <stdio.h>

#include "host.h"
#include "job_images.h"

/* The format is the project's, where the host tells it, else the picture's own bounds. */
static void find_format(struct job *job, const struct image *image, double aspect)
{
    OfxPropertySetHandle from = job->instance->properties;
    double size[2], offset[2], scale[2] = {job->scale[0] / aspect, job->scale[1]};
    for (int i = 0; i < 2; i++) {
        size[i] = get_double(from, kOfxImageEffectPropProjectSize, i, 0) * scale[i];
        offset[i] = get_double(from, kOfxImageEffectPropProjectOffset, i, 0) * scale[i];
    }
    if (size[0] >= 1 && size[1] >= 1) {
        job->left = nearest(offset[0]);
        job->top = nearest(offset[1] + size[1]);
        job->width = nearest(offset[0] + size[0]) - job->left;
        job->height = job->top - nearest(offset[1]);
    } else {
        job->left = image->bounds.x1;
        job->top = image->bounds.y2;
        job->width = image->bounds.x2 - image->bounds.x1;
        job->height = image->bounds.y2 - image->bounds.y1;
    }
}

/* Add the source `offset` frames after the job's time. Where the host gives none, that is a failure for
 * offset 0 alone. */
static bool add_frame(struct job *job, int offset)
{
    struct image image;
    uint64_t digest[2];
    bool many = job->reach.before || job->reach.after;
    char words[128], hex[33] = "";
    OfxPropertySetHandle from = fetch_image(job->instance->source, job->time + offset);
    bool there = from && read_image(job, from, &image);
    if (there && offset == 0) {
        double aspect = get_double(from, kOfxImagePropPixelAspectRatio, 0, 1);
        find_format(job, &image, aspect > 0 ? aspect : 1);
        job->channels = image.channels;
        job->source = image.bounds;
    }
    bool good = !*job->error;
    if (there && image.channels != job->channels)
        good = job_fail(job, "the host gives frames of different kinds");
    if (there && good && add_image(job, &image, many ? digest : NULL)) {
        if (many)
            snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)digest[0],
                (unsigned long long)digest[1]);
        snprintf(words, sizeof words, "%s{\"number\": %d, \"image\": %zu, \"digest\": \"%s\"}",
            job->frames.length ? ", " : "", nearest(job->time) + offset, job->count - 1, hex);
        text_add(&job->frames, words);
    }
    if (from)
        host.effect->clipReleaseImage(from);
    if (offset == 0 && !there && !*job->error)
        job_fail(job, "the host gives no picture at this frame");
    return !*job->error;
}

/* Find the clip's first and last frame. Where the host tells a range that the job's time lies outside of, it
 * is not believed. A host that gives one frame has a clip of that one. */
static void find_range(const struct job *job, int range[2])
{
    int now = nearest(job->time), margin = reach_margin(&job->reach);
    OfxPropertySetHandle clip = NULL;
    range[0] = now - job->reach.before - margin;
    range[1] = now + job->reach.after + margin;
    if (!host.temporal)
        return;
    if (host.effect->clipGetPropertySet(job->instance->source, &clip) != kOfxStatOK)
        return;
    double first = get_double(clip, kOfxImageEffectPropFrameRange, 0, 1);
    double last = get_double(clip, kOfxImageEffectPropFrameRange, 1, 0);
    if (first <= now && now <= last) {
        range[0] = nearest(ceil(first));
        range[1] = nearest(floor(last));
    }
}

bool add_frames(struct job *job, int range[2])
{
    int now = nearest(job->time), margin = reach_margin(&job->reach);
    if (!add_frame(job, 0)) /* first, as it says where the format lies */
        return false;
    find_range(job, range);
    for (int offset = -job->reach.before - margin; offset <= job->reach.after + margin; offset++)
        if (offset != 0 && now + offset >= range[0] && now + offset <= range[1]) {
            if (job_is_aborted(job) || !add_frame(job, offset))
                return false;
        }
    int anchor;
    if (params_anchor(job->instance, job->time, &anchor) && anchor >= range[0] && anchor <= range[1] &&
        (anchor < now - job->reach.before - margin || anchor > now + job->reach.after + margin))
        return add_frame(job, anchor - now);
    return true;
}
