/* One render, or one button, while it is under way: what was found out, the pictures that are sent, and the
 * request. */
#ifndef INTERNEG_JOB_H
#define INTERNEG_JOB_H

#include "instance.h"
#include "params_reach.h"
#include "pool.h"
#include "request.h"

/* Starts with its instance and zeros; job_finish gives back all that it holds. */
struct job {
    struct instance *instance;
    double time;
    double scale[2]; /* the host's render scale, across and up */
    struct reach reach;
    bool fit;          /* the host takes no other size: the worker fits the result to the source's */
    OfxRectI source;   /* where the source lies, in the host's pixels */
    int channels;      /* of the source: 1, 3 or 4 */
    int left, top;     /* of the format, in the host's pixels, y growing upwards */
    int width, height; /* of the format, in the host's pixels */
    struct picture *pictures[MOST_IMAGES];
    int descriptors[MOST_IMAGES]; /* of the pictures */
    size_t count;                 /* of the pictures */
    struct text images, frames;   /* JSON: the lists of these names in the request, without brackets */
    struct text body;             /* JSON: the request */
    char error[ERROR_ROOM];       /* for the user; "" as long as all is well */
    char note[ERROR_ROOM]; /* for the user, where all is well: what is shown is not the result; or "" */
    bool out_of_memory;
};

/* Set the job's error, and return false. */
bool job_fail(struct job *job, const char *words);

/* Whether the host no longer wants the result. `job` is a struct job, as a request takes it. */
bool job_is_aborted(void *job);

/* Give back all that the job holds, and show its error or its note to the user, or take away what is shown.
 * unanswered: the worker was sent the pictures and did not answer as it should, so that it may still use
 * them. Returns what the host is told; a job that is aborted is no failure. */
OfxStatus job_finish(struct job *job, bool unanswered);

/* The nearest whole number, of the halves the upper; held within half the range of an int. */
int nearest(double number);

#endif
