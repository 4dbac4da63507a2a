/* The worker's life: whether it listens, its start, and its end. */
#ifndef INTERNEG_WORKER_START_H
#define INTERNEG_WORKER_START_H

#include "connection.h"
#include "request.h"

/* Connect to the worker that listens at the socket `path`, where there is one. Sets `connection`: its socket
 * is as platform_connect returns it, with a message in `error` where it is REFUSED. A worker that is ending
 * counts as none. */
void worker_reach(const char *path, struct connection *connection, char *error);

/* Start a worker and connect to it; the caller holds LOCK_START. OUTCOME_DONE, with `connection` set;
 * OUTCOME_LOST, with a message of at most ERROR_ROOM bytes in `error`; OUTCOME_ABORTED. A start that failed
 * is not tried again for ten seconds, so that a host does not wait for it at each frame: the message is that
 * of the failure then. */
enum outcome worker_start(
    const char *path, struct connection *connection, const struct request *request, char *error);

/* A worker closed its connection and is ending: for a second it is not connected to, although it may still
 * listen. */
void worker_set_ending(long worker);

#endif
