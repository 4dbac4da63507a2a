#include "job.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "host.h"

bool job_is_aborted(void *job)
{
    return host.effect->abort(((struct job *)job)->instance->effect);
}

bool job_fail(struct job *job, const char *words)
{
    snprintf(job->error, sizeof job->error, "%s", words);
    return false;
}

int nearest(double number)
{
    return (int)fmin(fmax(floor(number + 0.5), INT_MIN / 2), INT_MAX / 2);
}

/* Whether no other note was shown for that node in this process. */
static bool is_first_note(const struct node *node)
{
    static atomic_bool shown[MOST_NODES];
    return !atomic_exchange(&shown[node - nodes_get(0)], true);
}

OfxStatus job_finish(struct job *job, bool unanswered)
{
    struct instance *instance = job->instance;
    for (size_t i = 0; i < job->count; i++)
        pool_release(job->pictures[i], unanswered);
    text_free(&job->images);
    text_free(&job->frames);
    text_free(&job->body);
    const bool failed = *job->error != 0;
    if (!failed && !*job->note) {
        if (atomic_exchange(&instance->shows_message, false))
            host_clear(instance->effect);
        return kOfxStatOK;
    }
    if (failed &&
        job_is_aborted(job)) /* a host that aborts gives no pictures either: the error says nothing */
        return kOfxStatOK;
    char words[ERROR_ROOM + 64];
    snprintf(words, sizeof words, "%.60s: %s", instance->node->label, failed ? job->error : job->note);
    atomic_store(&instance->shows_message, true);
    if (!failed) {
        host_show_note(instance->effect, words, is_first_note(instance->node));
        return kOfxStatOK;
    }
    host_show_error(instance->effect, words);
    return job->out_of_memory ? kOfxStatErrMemory : kOfxStatFailed;
}
