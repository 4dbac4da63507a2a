#include "connect.h"

#include <stdio.h>

#include "exchange.h"
#include "platform_clock.h"
#include "platform_locks.h"
#include "platform_process.h"
#include "platform_socket.h"
#include "worker_files.h"
#include "worker_start.h"

static char host_name[NAME_ROOM] = "unknown host";

void connect_set_host_name(const char *name)
{
    platform_lock(LOCK_CLIENT);
    snprintf(host_name, sizeof host_name, "%s", name);
    platform_unlock(LOCK_CLIENT);
}

static enum outcome greet(
    const struct connection *connection, const struct request *request, struct reply *reply)
{
    struct text body = {0};
    char name[sizeof host_name + 32];
    bool reusable;
    platform_lock(LOCK_CLIENT);
    snprintf(name, sizeof name, "%s (%ld)", host_name, platform_process());
    platform_unlock(LOCK_CLIENT);
    text_add(&body, "{\"client\": ");
    text_quote(&body, name);
    text_add(&body, "}");
    struct request first = {MESSAGE_HELLO, &body, NULL, 0, request->is_aborted, request->who};
    enum outcome outcome = exchange(connection, &first, MESSAGE_WELCOME, reply, &reusable);
    text_free(&body);
    json_free(reply->answer);
    reply->answer = NULL;
    return outcome;
}

enum outcome connect_to_worker(
    struct connection *connection, const struct request *request, struct reply *reply)
{
    char path[PATH_ROOM];
    connection->socket = NO_LISTENER;
    if (!worker_path(path, ".sock", reply->error))
        return OUTCOME_LOST;
    enum outcome outcome = OUTCOME_DONE;
    worker_reach(path, connection, reply->error);
    if (connection->socket == NO_LISTENER) {
        while (!platform_try_lock(LOCK_START)) { /* one thread starts it, the others wait */
            if (request_is_aborted(request))
                return OUTCOME_ABORTED;
            platform_sleep(POLL_INTERVAL);
        }
        worker_reach(path, connection, reply->error);
        if (connection->socket == NO_LISTENER)
            outcome = worker_start(path, connection, request, reply->error);
        platform_unlock(LOCK_START);
    }
    if (connection->socket < 0)
        return outcome == OUTCOME_DONE ? OUTCOME_LOST : outcome;
    return greet(connection, request, reply);
}
