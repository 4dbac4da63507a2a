#include "job_request.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "host.h"
#include "job_frames.h"
#include "job_images.h"
#include "params_read.h"
#include "params_space.h"
#include "space_names.h"

/* Add the frames of an extra input beside the job's own, as far as the source's are looked at: `"references":
 * [...]`. */
static bool add_around(struct job *job, size_t which)
{
    struct image image;
    char words[128];
    bool first = true;
    text_add(&job->body, ", \"references\": [");
    for (int offset = -job->reach.before; offset <= job->reach.after; offset++) {
        if (offset == 0)
            continue;
        if (job_is_aborted(job))
            return false;
        OfxPropertySetHandle from = fetch_image(job->instance->extra[which], job->time + offset);
        if (from && read_image(job, from, &image) && add_image(job, &image, NULL)) {
            snprintf(words, sizeof words, "%s{\"number\": %d, \"image\": %zu, \"digest\": \"\"}",
                first ? "" : ", ", nearest(job->time) + offset, job->count - 1);
            text_add(&job->body, words);
            first = false;
        }
        if (from)
            host.effect->clipReleaseImage(from);
        if (*job->error)
            return false;
    }
    text_add(&job->body, "]");
    return true;
}

/* Add an extra input: `"mask": 3`, the place of its picture, where it is used and has pixels; else `"mask":
 * null`. */
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
        from = fetch_image(instance->extra[which], job->time);
    bool there = from && read_image(job, from, &image) && add_image(job, &image, NULL);
    if (from)
        host.effect->clipReleaseImage(from);
    if (there)
        snprintf(words, sizeof words, ", \"%s\": %zu", key, job->count - 1);
    else
        snprintf(words, sizeof words, ", \"%s\": null", key);
    text_add(&job->body, words);
    if (there && strcmp(key, "reference") == 0 && (job->reach.before || job->reach.after))
        return add_around(job, which);
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
    add_text(&job->body, ", \"config\": ", config ? config : space_config(room));
}

bool job_gather(struct job *job, OfxPropertySetHandle in, const double *time)
{
    struct instance *instance = job->instance;
    struct text *body = &job->body;
    OfxPropertySetHandle clip = NULL;
    int range[2];
    char words[256];
    job->time = time ? *time : get_double(in, kOfxPropTime, 0, 0);
    for (int i = 0; i < 2; i++)
        job->scale[i] = get_double(in, kOfxImageEffectPropRenderScale, i, 1);
    if (!params_check(instance, job->time, job->error))
        return false;
    if (!params_reach(instance, job->time, &job->reach))
        return job_fail(
            job, "nodes.json does not tell how far these settings reach: run `interneg install` again");
    if (params_is_bypassed(instance, job->time))
        job->reach.enlarges = 1;

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
        ", \"time\": %d, \"first\": %d, \"last\": %d, \"alone\": %s, \"premultiplied\": %s, \"format\": [%d, "
        "%d], ",
        nearest(job->time), range[0], range[1], host.temporal ? "false" : "true",
        multiplied ? "true" : "false", job->width, job->height);
    text_add(body, words);
    double aspect = get_double(clip, kOfxImagePropPixelAspectRatio, 0, 1);
    text_add(body, "\"aspect\": ");
    text_number(body, aspect > 0 ? aspect : 1);
    return true;
}

enum outcome job_ask(struct job *job, enum message_kind kind, const char *rest, struct reply *reply)
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
    struct request request = {kind, body, job->descriptors, job->count, job_is_aborted, job};
    enum outcome outcome = client_ask(&request, reply);
    if (outcome != OUTCOME_DONE && outcome != OUTCOME_ABORTED)
        job_fail(job, reply->error);
    job->out_of_memory = job->out_of_memory || strcmp(reply->code, "memory") == 0;
    return outcome;
}
