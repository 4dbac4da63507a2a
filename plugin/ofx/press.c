#include "press.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "host.h"
#include "job_request.h"
#include "params_set.h"

enum { MOST_FRAMES = 1000000 }; /* of a shot; a host without a range says more */

/* Ask the worker to do what a button stands for at one frame. time: where it is not that of `in`, else NULL.
 * shot: the name of a look at every frame, else NULL. `done` is set to whether the worker did it. */
static OfxStatus ask(struct instance *instance, const struct knob *button, OfxPropertySetHandle in,
    const double *time, const char *shot, bool *done)
{
    struct job job = {.instance = instance};
    struct reply reply;
    struct text rest = {0};
    enum outcome outcome = OUTCOME_ABORTED;
    bool gathered = job_gather(&job, in, time);
    if (gathered) {
        text_add(&rest, ", \"fit\": false, \"output\": null, \"action\": ");
        text_quote(&rest, button->name);
        if (shot) {
            text_add(&rest, ", \"shot\": ");
            text_quote(&rest, shot);
        }
        outcome = job_ask(&job, MESSAGE_ACTION, rest.bytes ? rest.bytes : "", &reply);
        text_free(&rest);
    }
    *done = outcome == OUTCOME_DONE;
    if (*done) {
        const char *words = json_text(json_get(reply.answer, "message"), "");
        params_set(instance, json_get(reply.answer, "knobs"));
        if (*words)
            host_show_message(instance->effect, kOfxMessageMessage, words);
        json_free(reply.answer);
    }
    return job_finish(&job, gathered && !*done);
}

/* The name of a look at a shot, as no other has it. */
static void name_look(const struct instance *instance, char name[96])
{
    static atomic_uint count;
    snprintf(name, 96, "%p-%llx-%u", (const void *)instance, (unsigned long long)time(NULL),
        atomic_fetch_add(&count, 1U));
}

/* Find the clip's first and last frame; NULL, or why they cannot be looked at. */
static const char *find_shot(const struct instance *instance, double range[2])
{
    OfxPropertySetHandle clip = NULL;
    if (!host.temporal)
        return "This host gives one frame at a time, and an analysis looks at every frame: use `interneg "
               "analyse` in a terminal, and name its file in the knob.";
    if (host.effect->clipGetPropertySet(instance->source, &clip) == kOfxStatOK) {
        range[0] = ceil(get_double(clip, kOfxImageEffectPropFrameRange, 0, 1));
        range[1] = floor(get_double(clip, kOfxImageEffectPropFrameRange, 1, 0));
        if (range[0] <= range[1] && range[1] - range[0] < MOST_FRAMES && fabs(range[0]) < 1e9)
            return NULL;
    }
    return "The host does not tell which frames the clip has: use `interneg analyse` in a terminal, and name "
           "its file in the knob.";
}

static OfxStatus press_whole_shot(
    struct instance *instance, const struct knob *button, OfxPropertySetHandle in)
{
    double range[2];
    const char *refusal = find_shot(instance, range);
    if (refusal) {
        host_show_message(instance->effect, kOfxMessageError, refusal);
        return kOfxStatFailed;
    }
    OfxStatus status = kOfxStatOK;
    char name[96], label[128];
    name_look(instance, name);
    snprintf(label, sizeof label, "%.60s: %.60s", instance->node->label, button->label);
    const OfxProgressSuiteV1 *progress = host.progress;
    if (progress && progress->progressStart(instance->effect, label) != kOfxStatOK)
        progress = NULL;
    bool done = true, cancelled = false;
    for (double frame = range[0]; frame <= range[1] && done && !cancelled; frame++) {
        status = ask(instance, button, in, &frame, name, &done);
        if (progress && done)
            cancelled = frame < range[1] &&
                        progress->progressUpdate(instance->effect,
                            (frame - range[0] + 1) / (range[1] - range[0] + 1)) == kOfxStatReplyNo;
    }
    if (progress)
        progress->progressEnd(instance->effect);
    if (cancelled)
        host_show_message(instance->effect, kOfxMessageMessage,
            "Cancelled. What was measured is kept, and the next time it goes on there.");
    return status;
}

OfxStatus press_button(struct instance *instance, const struct knob *button, OfxPropertySetHandle in)
{
    bool done;
    return button->whole_shot ? press_whole_shot(instance, button, in)
                              : ask(instance, button, in, NULL, NULL, &done);
}
