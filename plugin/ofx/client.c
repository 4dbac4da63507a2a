#include "client.h"

#include <string.h>

#include "connect.h"
#include "connection.h"
#include "exchange.h"
#include "platform_clock.h"
#include "platform_locks.h"
#include "platform_socket.h"
#include "worker_start.h"

enum { MOST_CONNECTIONS = 16 };

static struct connection idle[MOST_CONNECTIONS];
static size_t idle_count, busy_count; /* connections without and with a request; LOCK_CLIENT guards them */

void client_close_idle(void)
{
    platform_lock(LOCK_CLIENT);
    while (idle_count > 0)
        platform_disconnect(idle[--idle_count].socket);
    platform_unlock(LOCK_CLIENT);
}

/* Take an idle connection, or leave to open one; false where all are in use. */
static bool take(struct connection *connection)
{
    *connection = (struct connection){NO_LISTENER, 0};
    platform_lock(LOCK_CLIENT);
    bool granted = busy_count < MOST_CONNECTIONS;
    busy_count += granted;
    while (granted && idle_count > 0 && connection->socket == NO_LISTENER) {
        *connection = idle[--idle_count];
        if (platform_has_input(connection->socket)) { /* what waits can only be its end */
            platform_disconnect(connection->socket);
            connection->socket = NO_LISTENER;
        }
    }
    platform_unlock(LOCK_CLIENT);
    return granted;
}

static void give_back(struct connection connection, bool reusable)
{
    platform_lock(LOCK_CLIENT);
    busy_count--;
    if (reusable)
        idle[idle_count++] = connection;
    else if (connection.socket >= 0)
        platform_disconnect(connection.socket);
    platform_unlock(LOCK_CLIENT);
}

/* A worker that closed one connection is ending: the others to it only seem to be open for a while. */
static void leave_worker(long worker)
{
    size_t kept = 0;
    worker_set_ending(worker);
    platform_lock(LOCK_CLIENT);
    for (size_t i = 0; i < idle_count; i++)
        if (idle[i].worker == worker)
            platform_disconnect(idle[i].socket);
        else
            idle[kept++] = idle[i];
    idle_count = kept;
    platform_unlock(LOCK_CLIENT);
}

enum outcome client_ask(const struct request *request, struct reply *reply)
{
    enum outcome outcome = OUTCOME_LOST;
    memset(reply, 0, sizeof *reply);
    for (int turn = 0; turn < 2 && outcome == OUTCOME_LOST; turn++) {
        struct connection connection;
        bool reusable = false;
        while (!take(&connection)) {
            if (request_is_aborted(request))
                return OUTCOME_ABORTED;
            platform_sleep(POLL_INTERVAL);
        }
        outcome = connection.socket >= 0 ? OUTCOME_DONE : connect_to_worker(&connection, request, reply);
        if (outcome == OUTCOME_DONE)
            outcome = exchange(&connection, request, MESSAGE_DONE, reply, &reusable);
        give_back(connection, reusable);
        if (connection.socket < 0)
            break; /* there is no worker to ask */
        if (outcome == OUTCOME_LOST)
            leave_worker(connection.worker);
    }
    return outcome;
}
