/* The shell's side of the worker: connections, and the worker's life. */
#ifndef INTERNEG_CLIENT_H
#define INTERNEG_CLIENT_H

#include "message.h"
#include "platform.h"

struct request {
    enum message_kind kind;
    const struct text *body;
    const int *descriptors;
    size_t count;
    bool (*aborted)(void *who);
    void *who;
};

enum outcome {
    OUTCOME_DONE,    /* `answer` is set, and freed by json_free */
    OUTCOME_FAILED,  /* the worker could not; `error` and `code` say why */
    OUTCOME_LOST,    /* there is no worker, or it hung; `error` says why */
    OUTCOME_ABORTED
};

struct reply {
    const struct json *answer;
    char code[32], error[ERROR_ROOM];
};

/* Who the host is, for the worker's log. */
void client_introduce(const char *host);

/* Ask, starting the worker where there is none; once more where it dies meanwhile. Takes any number of threads. */
enum outcome client_ask(const struct request *request, struct reply *reply);

/* Close the connections that wait for a next request. */
void client_rest(void);

#endif
