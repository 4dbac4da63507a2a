/* One request and its answer, over a connection that is there. */
#ifndef INTERNEG_EXCHANGE_H
#define INTERNEG_EXCHANGE_H

#include "connection.h"
#include "request.h"

/* Send a request and wait for its answer, of the kind `wanted`. `reply`, zeroed by the caller, is set as
 * request.h says for each outcome; a worker that is silent for too long is ended, which is OUTCOME_FAILED.
 * `reusable` is set to whether the connection can take another request. */
enum outcome exchange(const struct connection *connection, const struct request *request,
    enum message_kind wanted, struct reply *reply, bool *reusable);

#endif
