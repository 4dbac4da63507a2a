#include "render.h"

#include <stdio.h>

#include "host.h"
#include "job.h"
#include "job_images.h"
#include "job_request.h"
#include "params_set.h"

static bool lies_within(OfxRectI inner, OfxRectI outer)
{
    return inner.x1 >= outer.x1 && inner.y1 >= outer.y1 && inner.x2 <= outer.x2 && inner.y2 <= outer.y2;
}

static bool is_same(OfxRectI one, OfxRectI other)
{
    return lies_within(one, other) && lies_within(other, one);
}

/* Whether the host wants a result of the source's size, though the node makes a larger one: it says so from
 * the start, or asked for the region of the larger one and goes on with that of the source. */
static bool keeps_size(const struct job *job, OfxPropertySetHandle to, const struct image *output)
{
    OfxRectI region;
    if (!get_rect(to, kOfxImagePropRegionOfDefinition, &region) || region.x1 >= region.x2)
        region = output->bounds;
    return job->reach.enlarges > 1 && (!host.resizes || is_same(region, job->source));
}

/* Add the picture that the worker is to write. */
static bool add_output(struct job *job, OfxPropertySetHandle to, OfxRectI window, struct image *output)
{
    if (!to || !read_image(job, to, output))
        return *job->error ? false : job_fail(job, "the host gives no picture to write");
    job->fit = keeps_size(job, to, output);
    int scale = job->fit ? 1 : job->reach.enlarges;
    if (!lies_within(window, output->bounds))
        return job_fail(job, "the host asks for pixels beyond the picture that it gives");
    if (output->channels != job->channels)
        return job_fail(job, "the host's picture to write has other channels than its source");
    return add_empty_image(job, window, output->channels, job->left * scale, job->top * scale);
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
    if (job_gather(&job, in, NULL)) {
        to = fetch_image(instance->output, job.time);
        if (add_output(&job, to, window, &output)) {
            snprintf(rest, sizeof rest, ", \"fit\": %s, \"output\": %zu", job.fit ? "true" : "false",
                job.count - 1);
            outcome = job_ask(&job, MESSAGE_RENDER, rest, &reply);
            sent = true;
            if (outcome == OUTCOME_DONE) {
                pixels_give(&output, window, job.pictures[job.count - 1]->pixels);
                snprintf(job.note, sizeof job.note, "%s", json_text(json_get(reply.answer, "message"), ""));
                json_free(reply.answer);
            }
        }
    }
    if (to)
        host.effect->clipReleaseImage(to);
    return job_finish(&job, sent && outcome != OUTCOME_DONE);
}
