#include "shell.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "pixels.h"
#include "pool.h"

/* One request while it is put together. */
struct job {
    struct instance *instance;
    double time;
    double scale[2];
    struct reach reach;
    bool fit;
    int channels;      /* of the source */
    int left, top;     /* of the format, in the host's pixels, y growing upwards */
    int width, height; /* of the format */
    struct picture *pictures[MOST_IMAGES];
    int descriptors[MOST_IMAGES];
    size_t count;
    struct text images, frames, body;
    char error[ERROR_ROOM];
    bool out_of_memory;
};

static bool is_aborted(void *who)
{
    return host.effect->abort(((struct job *)who)->instance->effect);
}

static bool fail(struct job *job, const char *words)
{
    snprintf(job->error, sizeof job->error, "%s", words);
    return false;
}

static int nearest(double number)
{
    return (int)fmin(fmax(floor(number + 0.5), INT_MIN / 2), INT_MAX / 2);
}

/* Look at a host's picture; false, without an error, where it has no pixels. */
static bool look(struct job *job, OfxPropertySetHandle from, struct image *image)
{
    static const char *const depths[] = {kOfxBitDepthByte, kOfxBitDepthShort, kOfxBitDepthHalf, kOfxBitDepthFloat};
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

static bool attach(struct job *job, struct picture *picture, OfxRectI area, int channels, int left, int top)
{
    static const char *const names[] = {"", "A", "", "RGB", "RGBA"};
    char words[160];
    snprintf(words, sizeof words, "%s{\"width\": %d, \"height\": %d, \"channels\": \"%s\", \"x\": %d, \"y\": %d}",
        job->count ? ", " : "", area.x2 - area.x1, area.y2 - area.y1, names[channels], area.x1 - left,
        top - area.y2);
    text_add(&job->images, words);
    job->descriptors[job->count] = picture->descriptor;
    job->pictures[job->count++] = picture;
    return true;
}

static struct picture *make_picture(struct job *job, OfxRectI area, int channels)
{
    struct picture *picture = NULL;
    if (job->count == MOST_IMAGES) {
        fail(job, "the node looks at more frames than the worker takes");
    } else if (!(picture = pool_take(pixels_size(area, channels)))) {
        job->out_of_memory = true;
        fail(job, "there is no shared memory left for the pictures");
    }
    return picture;
}

/* Take a host's picture into shared memory, and attach it. digest: where it may be looked for, and be found again. */
static bool copy(struct job *job, const struct image *image, uint64_t *digest)
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
    return attach(job, picture, image->bounds, image->channels, job->left, job->top);
}

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

static OfxPropertySetHandle fetch(OfxImageClipHandle clip, double time)
{
    OfxPropertySetHandle image = NULL;
    return clip && host.effect->clipGetImage(clip, time, NULL, &image) == kOfxStatOK ? image : NULL;
}

/* Fetch the source at `time` plus `offset`, and note it as a frame. True where the host gives none, but for offset 0. */
static bool add_frame(struct job *job, int offset)
{
    struct image image;
    uint64_t digest[2];
    bool many = job->reach.before || job->reach.after;
    char words[128], hex[33] = "";
    OfxPropertySetHandle from = fetch(job->instance->source, job->time + offset);
    bool there = from && look(job, from, &image);
    if (there && offset == 0) {
        double aspect = get_double(from, kOfxImagePropPixelAspectRatio, 0, 1);
        find_format(job, &image, aspect > 0 ? aspect : 1);
        job->channels = image.channels;
    }
    bool good = !*job->error;
    if (there && image.channels != job->channels)
        good = fail(job, "the host gives frames of different kinds");
    if (there && good && copy(job, &image, many ? digest : NULL)) {
        if (many)
            snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)digest[0], (unsigned long long)digest[1]);
        snprintf(words, sizeof words, "%s{\"number\": %d, \"image\": %zu, \"digest\": \"%s\"}",
            job->frames.length ? ", " : "", nearest(job->time) + offset, job->count - 1, hex);
        text_add(&job->frames, words);
    }
    if (from)
        host.effect->clipReleaseImage(from);
    if (offset == 0 && !there && !*job->error)
        fail(job, "the host gives no picture at this frame");
    return !*job->error;
}

/* The frames that the clip has; a range that does not hold the time is not believed. */
static void find_range(const struct job *job, int range[2])
{
    int now = nearest(job->time), beyond = job->reach.before || job->reach.after ? BEYOND : 0;
    OfxPropertySetHandle clip = NULL;
    range[0] = now - job->reach.before - beyond;
    range[1] = now + job->reach.after + beyond;
    if (host.effect->clipGetPropertySet(job->instance->source, &clip) != kOfxStatOK)
        return;
    double first = get_double(clip, kOfxImageEffectPropFrameRange, 0, 1);
    double last = get_double(clip, kOfxImageEffectPropFrameRange, 1, 0);
    if (first <= now && now <= last) {
        range[0] = nearest(ceil(first));
        range[1] = nearest(floor(last));
    }
}

static bool add_frames(struct job *job, int range[2])
{
    int now = nearest(job->time), beyond = job->reach.before || job->reach.after ? BEYOND : 0;
    if (!add_frame(job, 0)) /* first, as it says where the format lies */
        return false;
    find_range(job, range);
    for (int offset = -job->reach.before - beyond; offset <= job->reach.after + beyond; offset++)
        if (offset != 0 && now + offset >= range[0] && now + offset <= range[1]) {
            if (is_aborted(job) || !add_frame(job, offset))
                return false;
        }
    int anchor;
    if (params_anchor(job->instance, job->time, &anchor) && anchor >= range[0] && anchor <= range[1] &&
        (anchor < now - job->reach.before - beyond || anchor > now + job->reach.after + beyond))
        return add_frame(job, anchor - now);
    return true;
}

/* Attach an extra input where it is used and has pixels: `"mask": 3`, else null. */
static bool add_input(struct job *job, size_t which)
{
    struct instance *instance = job->instance;
    const char *key = instance->node->input[which].key;
    OfxPropertySetHandle clip = NULL, from = NULL;
    struct image image;
    char words[64];
    if (params_uses(instance, which, job->time) && instance->extra[which] &&
        host.effect->clipGetPropertySet(instance->extra[which], &clip) == kOfxStatOK &&
        get_int(clip, kOfxImageClipPropConnected, 0, 0))
        from = fetch(instance->extra[which], job->time);
    bool there = from && look(job, from, &image) && copy(job, &image, NULL);
    if (from)
        host.effect->clipReleaseImage(from);
    if (there)
        snprintf(words, sizeof words, ", \"%s\": %zu", key, job->count - 1);
    else
        snprintf(words, sizeof words, ", \"%s\": null", key);
    text_add(&job->body, words);
    return !*job->error;
}

static bool has_input(const struct node *node, const char *key)
{
    for (size_t i = 0; i < node->inputs; i++)
        if (strcmp(node->input[i].key, key) == 0)
            return true;
    return false;
}

static void add_text(struct text *text, const char *name, const char *value)
{
    text_add(text, name);
    text_quote(text, value);
}

static void add_space(struct job *job)
{
    char room[PATH_ROOM];
    const char *config;
    add_text(&job->body, ", \"space\": ", params_space(job->instance, job->time, &config));
    if (!config)
        config = getenv("OCIO");
    while (config && strncmp(config, "ocio://ocio://", 14) == 0) /* as MLT has it */
        config += 7;
    if (config && *config && strncmp(config, "ocio://", 7) != 0)
        config = platform_absolute(config, room); /* the worker has another current folder */
    add_text(&job->body, ", \"config\": ", config ? config : "");
}

/* All of a request but what is to become of the result. */
static bool gather(struct job *job, OfxPropertySetHandle in)
{
    struct instance *instance = job->instance;
    struct text *body = &job->body;
    OfxPropertySetHandle clip = NULL;
    int range[2];
    char words[256];
    job->time = get_double(in, kOfxPropTime, 0, 0);
    for (int i = 0; i < 2; i++)
        job->scale[i] = get_double(in, kOfxImageEffectPropRenderScale, i, 1);
    if (!params_reach(instance, job->time, &job->reach))
        return fail(job, "nodes.json does not tell how far these settings reach: run `interneg install` again");
    if (params_is_bypassed(instance, job->time))
        job->reach.enlarges = 1;
    job->fit = !host.resizes && job->reach.enlarges > 1;

    add_text(body, "{\"node\": ", instance->node->name);
    text_add(body, ", \"knobs\": ");
    params_write(instance, job->time, body);
    add_space(job);
    if (!add_frames(job, range))
        return false;
    for (size_t i = 0; i < instance->node->inputs; i++)
        if (!add_input(job, i))
            return false;
    if (!has_input(instance->node, "mask"))
        text_add(body, ", \"mask\": null");
    if (!has_input(instance->node, "reference"))
        text_add(body, ", \"reference\": null");

    host.effect->clipGetPropertySet(instance->source, &clip);
    bool multiplied = strcmp(get_string(clip, kOfxImageEffectPropPreMultiplication, kOfxImagePreMultiplied),
                          kOfxImagePreMultiplied) == 0;
    snprintf(words, sizeof words,
        ", \"time\": %d, \"first\": %d, \"last\": %d, \"premultiplied\": %s, \"format\": [%d, %d], \"fit\": %s, ",
        nearest(job->time), range[0], range[1], multiplied ? "true" : "false", job->width, job->height,
        job->fit ? "true" : "false");
    text_add(body, words);
    double aspect = get_double(clip, kOfxImagePropPixelAspectRatio, 0, 1);
    text_add(body, "\"aspect\": ");
    text_number(body, aspect > 0 ? aspect : 1);
    return true;
}

/* Send the request, with `rest` as its last fields. */
static enum outcome ask(struct job *job, enum message_kind kind, const char *rest, struct reply *reply)
{
    struct text *body = &job->body;
    text_add(body, ", \"images\": [");
    text_add(body, job->images.bytes ? job->images.bytes : "");
    text_add(body, "], \"frames\": [");
    text_add(body, job->frames.bytes ? job->frames.bytes : "");
    text_add(body, "]");
    text_add(body, rest);
    text_add(body, "}");
    body->failed = body->failed || job->images.failed || job->frames.failed;
    struct request request = {kind, body, job->descriptors, job->count, is_aborted, job};
    enum outcome outcome = client_ask(&request, reply);
    if (outcome != OUTCOME_DONE && outcome != OUTCOME_ABORTED)
        fail(job, reply->error);
    job->out_of_memory = job->out_of_memory || strcmp(reply->code, "memory") == 0;
    return outcome;
}

/* Give everything back, and tell the user how it went. */
static OfxStatus finish(struct job *job, bool spoiled)
{
    struct instance *instance = job->instance;
    for (size_t i = 0; i < job->count; i++)
        pool_release(job->pictures[i], spoiled);
    text_free(&job->images);
    text_free(&job->frames);
    text_free(&job->body);
    if (!*job->error) {
        if (atomic_exchange(&instance->complained, false))
            host_appease(instance->effect);
        return kOfxStatOK;
    }
    if (is_aborted(job)) /* a host that gives up gives no pictures either */
        return kOfxStatOK;
    char words[ERROR_ROOM + 64];
    snprintf(words, sizeof words, "%.60s: %s", instance->node->label, job->error);
    atomic_store(&instance->complained, true);
    host_complain(instance->effect, words);
    return job->out_of_memory ? kOfxStatErrMemory : kOfxStatFailed;
}

static bool lies_within(OfxRectI inner, OfxRectI outer)
{
    return inner.x1 >= outer.x1 && inner.y1 >= outer.y1 && inner.x2 <= outer.x2 && inner.y2 <= outer.y2;
}

/* Attach the picture that the worker is to write. */
static bool add_output(struct job *job, OfxPropertySetHandle to, OfxRectI window, struct image *output)
{
    int scale = job->fit ? 1 : job->reach.enlarges;
    if (!to || !look(job, to, output))
        return *job->error ? false : fail(job, "the host gives no picture to write");
    if (!lies_within(window, output->bounds))
        return fail(job, "the host asks for pixels beyond the picture that it gives");
    if (output->channels != job->channels)
        return fail(job, "the host's picture to write has other channels than its source");
    struct picture *picture = make_picture(job, window, output->channels);
    return picture && attach(job, picture, window, output->channels, job->left * scale, job->top * scale);
}

OfxStatus render(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    (void)out;
    struct job job = {.instance = instance};
    struct image output;
    struct reply reply;
    OfxRectI window;
    char rest[64];
    enum outcome outcome = OUTCOME_ABORTED;
    if (!get_rect(in, kOfxImageEffectPropRenderWindow, &window))
        return kOfxStatFailed;
    if (window.x1 >= window.x2 || window.y1 >= window.y2)
        return kOfxStatOK;
    bool sent = false;
    OfxPropertySetHandle to = NULL;
    if (gather(&job, in)) {
        to = fetch(instance->output, job.time);
        if (add_output(&job, to, window, &output)) {
            snprintf(rest, sizeof rest, ", \"output\": %zu", job.count - 1);
            outcome = ask(&job, MESSAGE_RENDER, rest, &reply);
            sent = true;
            if (outcome == OUTCOME_DONE) {
                pixels_give(&output, window, job.pictures[job.count - 1]->pixels);
                json_free(reply.answer);
            }
        }
    }
    if (to)
        host.effect->clipReleaseImage(to);
    return finish(&job, sent && outcome != OUTCOME_DONE);
}

OfxStatus press(struct instance *instance, const char *button, OfxPropertySetHandle in)
{
    struct job job = {.instance = instance};
    struct reply reply;
    struct text rest = {0};
    enum outcome outcome = OUTCOME_ABORTED;
    bool gathered = gather(&job, in);
    if (gathered) {
        add_text(&rest, ", \"output\": null, \"action\": ", button);
        outcome = ask(&job, MESSAGE_ACTION, rest.bytes ? rest.bytes : "", &reply);
        text_free(&rest);
    }
    if (outcome == OUTCOME_DONE) {
        const char *words = json_text(json_get(reply.answer, "message"), "");
        params_set(instance, json_get(reply.answer, "knobs"));
        if (*words)
            host_tell(instance->effect, kOfxMessageMessage, words);
        json_free(reply.answer);
    }
    return finish(&job, gathered && outcome != OUTCOME_DONE);
}
