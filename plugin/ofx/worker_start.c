#include "worker_start.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform_clock.h"
#include "platform_locks.h"
#include "platform_socket.h"
#include "settings.h"
#include "worker_files.h"

/* Seconds: how long another worker may answer in place of one that ended; how long one that is ending may
 * still seem to listen; how long no start is tried after one that failed. */
static const double GRACE = 0.5, ENDING_TIME = 1, RETRY_PAUSE = 10;

static long ending; /* the worker that closed its connection last; LOCK_CLIENT guards it */
static double ending_until;
static char failure[ERROR_ROOM]; /* why the last start failed; LOCK_START guards it */
static double failure_until;

void worker_reach(const char *path, struct connection *connection, char *error)
{
    connection->socket = platform_connect(path, &connection->worker, error);
    platform_lock(LOCK_CLIENT);
    if (connection->socket >= 0 && connection->worker == ending && platform_seconds() < ending_until) {
        platform_disconnect(connection->socket);
        connection->socket = NO_LISTENER;
    }
    platform_unlock(LOCK_CLIENT);
}

/* Wait until a worker answers: `process`, or one that was quicker. */
static enum outcome wait_for_worker(long process, const char *path, double until,
    struct connection *connection, const struct request *request, char *error)
{
    double ended = INFINITY;
    while (platform_seconds() < until && platform_seconds() - ended < GRACE) {
        worker_reach(path, connection, error);
        if (connection->socket != NO_LISTENER)
            return connection->socket == REFUSED ? OUTCOME_LOST : OUTCOME_DONE;
        if (request_is_aborted(request))
            return OUTCOME_ABORTED;
        if (isinf(ended) && !platform_is_alive(process))
            ended = platform_seconds();
        platform_sleep(POLL_INTERVAL);
    }
    if (isinf(ended))
        snprintf(error, ERROR_ROOM, "the worker did not answer for %g seconds after its start, and was ended",
            settings_start_timeout());
    else
        snprintf(error, ERROR_ROOM, "the worker ended as soon as it was started");
    return OUTCOME_LOST;
}

/* Start a worker and connect to it; what cannot be connected to is ended. */
static enum outcome start(
    const char *path, struct connection *connection, const struct request *request, char *error)
{
    char log[PATH_ROOM], room[COMMAND_ROOM], *words[MOST_WORDS + 1];
    double until = platform_seconds() + settings_start_timeout();
    enum outcome outcome = OUTCOME_LOST;
    if (!worker_path(log, ".log", error) || !worker_command(room, words, error))
        return OUTCOME_LOST;
    platform_lock(LOCK_CLIENT);
    int turns = ending ? 2 : 1; /* the first may give way to a worker that is about to end */
    platform_unlock(LOCK_CLIENT);
    while (turns-- > 0 && outcome == OUTCOME_LOST && platform_seconds() < until) {
        long group, process = platform_start(words, log, &group, error);
        if (!process)
            return OUTCOME_LOST;
        outcome = wait_for_worker(process, path, until, connection, request, error);
        if (outcome != OUTCOME_DONE)
            platform_kill_group(group);
    }
    if (outcome == OUTCOME_LOST) {
        size_t length = strlen(error);
        snprintf(error + length, ERROR_ROOM - length, "; see %.600s, or run `interneg install` again", log);
    }
    return outcome;
}

enum outcome worker_start(
    const char *path, struct connection *connection, const struct request *request, char *error)
{
    if (platform_seconds() < failure_until) {
        snprintf(error, ERROR_ROOM, "%s", failure);
        return OUTCOME_LOST;
    }
    enum outcome outcome = start(path, connection, request, error);
    if (outcome == OUTCOME_LOST) {
        snprintf(failure, sizeof failure, "%s", error);
        failure_until = platform_seconds() + RETRY_PAUSE;
    }
    return outcome;
}

void worker_set_ending(long worker)
{
    platform_lock(LOCK_CLIENT);
    ending = worker;
    ending_until = platform_seconds() + ENDING_TIME;
    platform_unlock(LOCK_CLIENT);
}
