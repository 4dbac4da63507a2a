/* The request that a job sends to the worker: docs/worker.md. */
#ifndef INTERNEG_JOB_REQUEST_H
#define INTERNEG_JOB_REQUEST_H

#include "job.h"

/* Put together all that is the same for a render and a button: the node, its knobs, the colour space, the
 * frames and the extra inputs. `in` is what the host calls with; `time` is another frame than that of `in`,
 * or NULL. False where it failed or was aborted. */
bool job_gather(struct job *job, OfxPropertySetHandle in, const double *time);

/* Send the request, with `rest` as its last fields (JSON that begins with a comma), and wait for the answer.
 * Sets `reply` as request.h says, and the job's error where the worker failed. */
enum outcome job_ask(struct job *job, enum message_kind kind, const char *rest, struct reply *reply);

#endif
