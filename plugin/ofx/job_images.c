#include "job_images.h"

#include <stdio.h>
#include <string.h>

#include "host.h"

OfxPropertySetHandle fetch_image(OfxImageClipHandle clip, double time)
{
    OfxPropertySetHandle image = NULL;
    return clip && host.effect->clipGetImage(clip, time, NULL, &image) == kOfxStatOK ? image : NULL;
}

bool read_image(struct job *job, OfxPropertySetHandle from, struct image *image)
{
    static const char *const depths[] = {
        kOfxBitDepthByte, kOfxBitDepthShort, kOfxBitDepthHalf, kOfxBitDepthFloat};
    const char *depth = get_string(from, kOfxImageEffectPropPixelDepth, "");
    const char *components = get_string(from, kOfxImageEffectPropComponents, "");
    int which = 0;
    while (which < 4 && strcmp(depth, depths[which]) != 0)
        which++;
    image->depth = (enum depth)which;
    image->channels = strcmp(components, kOfxImageComponentRGBA) == 0    ? 4
                      : strcmp(components, kOfxImageComponentRGB) == 0   ? 3
                      : strcmp(components, kOfxImageComponentAlpha) == 0 ? 1
                                                                         : 0;
    image->data = get_pointer(from, kOfxImagePropData);
    image->row_bytes = get_int(from, kOfxImagePropRowBytes, 0, 0);
    if (!image->data || !get_rect(from, kOfxImagePropBounds, &image->bounds) ||
        image->bounds.x1 >= image->bounds.x2 || image->bounds.y1 >= image->bounds.y2)
        return false;
    if (which == 4 || image->channels == 0) {
        snprintf(job->error, sizeof job->error,
            "the host gives pixels of a kind that was not asked for: %.100s, %.100s", depth, components);
        return false;
    }
    return true;
}

/* Add a picture to those that are sent. */
static void attach(struct job *job, struct picture *picture, OfxRectI area, int channels, int left, int top)
{
    static const char *const names[] = {"", "A", "", "RGB", "RGBA"};
    char words[160];
    snprintf(words, sizeof words,
        "%s{\"width\": %d, \"height\": %d, \"channels\": \"%s\", \"x\": %d, \"y\": %d}",
        job->count ? ", " : "", area.x2 - area.x1, area.y2 - area.y1, names[channels], area.x1 - left,
        top - area.y2);
    text_add(&job->images, words);
    job->descriptors[job->count] = picture->descriptor;
    job->pictures[job->count++] = picture;
}

static struct picture *make_picture(struct job *job, OfxRectI area, int channels)
{
    struct picture *picture = NULL;
    if (job->count == MOST_IMAGES) {
        job_fail(job, "the node looks at more frames than the worker takes");
    } else if (!(picture = pool_take(pixels_size(area, channels)))) {
        job->out_of_memory = true;
        job_fail(job, "there is no shared memory left for the pictures");
    }
    return picture;
}

bool add_image(struct job *job, const struct image *image, uint64_t *digest)
{
    struct picture *picture = NULL;
    if (digest) {
        pixels_digest(image, image->bounds.x1 - job->left, job->top - image->bounds.y2, digest);
        if (job->count < MOST_IMAGES)
            picture = pool_find(digest, pixels_size(image->bounds, image->channels));
    }
    if (!picture) {
        picture = make_picture(job, image->bounds, image->channels);
        if (!picture)
            return false;
        pixels_take(image, picture->pixels);
        if (digest)
            pool_keep(picture, digest);
    }
    attach(job, picture, image->bounds, image->channels, job->left, job->top);
    return true;
}

struct picture *add_empty_image(struct job *job, OfxRectI area, int channels, int left, int top)
{
    struct picture *picture = make_picture(job, area, channels);
    if (picture)
        attach(job, picture, area, channels, left, top);
    return picture;
}
