/* A new connection to the worker, which is started where there is none. */
#ifndef INTERNEG_CONNECT_H
#define INTERNEG_CONNECT_H

#include "connection.h"
#include "request.h"

/* Set the name of the host, which the worker writes into its log; it is copied. */
void connect_set_host_name(const char *name);

/* Connect to the worker and greet it. `request` is the one that is to be sent, and says whether it is aborted
 * meanwhile. Sets `connection`, whose socket is negative where there is none, and `error` and `code` of
 * `reply`, which is zeroed by the caller, where the outcome is not OUTCOME_DONE. */
enum outcome connect_to_worker(
    struct connection *connection, const struct request *request, struct reply *reply);

#endif
