/* What is asked of the worker, and what comes back. */
#ifndef INTERNEG_REQUEST_H
#define INTERNEG_REQUEST_H

#include "message.h"
#include "sizes.h"
#include "text.h"

/* All that it points to is the caller's, and has to last until the answer is there. */
struct request {
    enum message_kind kind;
    const struct text *body; /* a JSON object */
    const int *descriptors;  /* of the pictures in shared memory, in the order that the body gives */
    size_t count;            /* of the descriptors, at most MOST_IMAGES */
    /* Whether the host no longer wants the answer; NULL where nobody can say. It is called with `who`. */
    bool (*is_aborted)(void *who);
    void *who;
};

enum outcome {
    OUTCOME_DONE,   /* `answer` is set */
    OUTCOME_FAILED, /* the worker could not; `error` and `code` say why */
    OUTCOME_LOST,   /* there is no worker, or it ended; `error` says why */
    OUTCOME_ABORTED /* the host no longer wants it; there is no message */
};

struct reply {
    const struct json *answer; /* an object, which the caller frees with json_free */
    char code[32];             /* the kind of failure, such as "memory": docs/worker.md */
    char error[ERROR_ROOM];    /* for the user */
};

/* Whether the host no longer wants the answer. */
static inline bool request_is_aborted(const struct request *request)
{
    return request->is_aborted && request->is_aborted(request->who);
}

#endif
