#include "client.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECTIONS = 16, LONGEST_COMMAND = 16384 };

static const double GRACE = 0.5, BURIAL = 1, REFUSAL = 10, PAUSE = 0.02;

struct connection {
    int socket;
    long worker;
};

static struct connection resting[MOST_CONNECTIONS];
static size_t rested, busy; /* connections that wait for a request, and those that have one */
static long dying; /* a worker */
static double dying_until;
static char refusal[ERROR_ROOM]; /* why the last start failed; LOCK_START guards it */
static double refused_until;
static char host_name[128] = "unknown host";

void client_introduce(const char *host)
{
    platform_lock(LOCK_CLIENT);
    snprintf(host_name, sizeof host_name, "%s", host);
    platform_unlock(LOCK_CLIENT);
}

void client_rest(void)
{
    platform_lock(LOCK_CLIENT);
    while (rested > 0)
        platform_hang_up(resting[--rested].socket);
    platform_unlock(LOCK_CLIENT);
}

static double seconds_of(const char *variable, double otherwise)
{
    const char *word = getenv(variable);
    double seconds = word && *word ? platform_to_number(word) : 0;
    return seconds > 0 ? seconds : otherwise;
}

/* Seconds of silence after which a worker is taken to hang. */
static double patience(void)
{
    return seconds_of("INTERNEG_TIMEOUT", 20);
}

/* Seconds within which a worker that is started answers. */
static double start_patience(void)
{
    return seconds_of("INTERNEG_START_TIMEOUT", 60);
}

static bool aborted(const struct request *request)
{
    return request->aborted && request->aborted(request->who);
}

/* Split $INTERNEG_WORKER, else read worker.json, into `words`, which point into `room`. */
static bool read_command(char *room, char *words[MOST_WORDS + 1], char *error)
{
    const char *given = getenv("INTERNEG_WORKER");
    size_t count = 0, used = 0, length;
    bool good = true;
    if (given && *given) {
        snprintf(room, LONGEST_COMMAND, "%s", given);
        for (char *rest = room + strspn(room, " "); *rest && count < MOST_WORDS; rest += strspn(rest, " ")) {
            words[count++] = rest;
            rest += strcspn(rest, " ");
            if (*rest)
                *rest++ = 0;
        }
    } else {
        char *bytes = platform_resource("worker.json", LONGEST_COMMAND, &length);
        const struct json *file = bytes ? json_read(bytes, length) : NULL, *all = json_get(file, "command");
        good = all && all->kind == JSON_ARRAY && all->count > 0 && all->count <= MOST_WORDS;
        for (const struct json *word = good ? all->first : NULL; word; word = word->next) {
            good = good && word->kind == JSON_STRING;
            words[count++] = room + used;
            used += (size_t)snprintf(room + used, LONGEST_COMMAND - used, "%s", json_text(word, "")) + 1;
        }
        json_free(file);
        free(bytes);
    }
    words[count] = NULL;
    if (!good || count == 0)
        snprintf(error, ERROR_ROOM, "the bundle does not say how to start the worker: run `interneg install` again");
    else if (!platform_has_program(words[0]))
        snprintf(error, ERROR_ROOM, "the worker's program %.800s cannot be run: %s", words[0],
            given && *given ? "correct INTERNEG_WORKER" : "run `interneg install` again");
    else
        return true;
    return false;
}

/* Where the worker's file with that ending lies. */
static bool place(char path[PATH_ROOM], const char *ending, char *error)
{
    char folder[PATH_ROOM];
    const char *gpu = getenv("INTERNEG_GPU");
    if (!platform_runtime(folder, sizeof folder, error))
        return false;
    if (gpu && (strlen(gpu) > 2 || strspn(gpu, "0123456789") < strlen(gpu))) {
        snprintf(error, ERROR_ROOM, "INTERNEG_GPU is '%.40s': expected the number of a GPU, 0 to 99", gpu);
        return false;
    }
    int length = gpu && *gpu ? snprintf(path, PATH_ROOM, "%s/worker-gpu%s%s", folder, gpu, ending)
                             : snprintf(path, PATH_ROOM, "%s/worker%s", folder, ending);
    return length > 0 && length < PATH_ROOM;
}

/* Connect to the worker, if there is one; socket as platform_connect returns it. */
static void reach_worker(const char *path, struct connection *connection, char *error)
{
    connection->socket = platform_connect(path, &connection->worker, error);
    platform_lock(LOCK_CLIENT);
    if (connection->socket >= 0 && connection->worker == dying && platform_seconds() < dying_until) {
        platform_hang_up(connection->socket);
        connection->socket = NOBODY;
    }
    platform_unlock(LOCK_CLIENT);
}

/* Wait until a worker answers: `process`, or one that was quicker. */
static enum outcome wait_for(long process, const char *path, double until, struct connection *connection,
    const struct request *request, char *error)
{
    double ended = INFINITY;
    while (platform_seconds() < until && platform_seconds() - ended < GRACE) {
        reach_worker(path, connection, error);
        if (connection->socket != NOBODY)
            return connection->socket == REFUSED ? OUTCOME_LOST : OUTCOME_DONE;
        if (aborted(request))
            return OUTCOME_ABORTED;
        if (isinf(ended) && !platform_lives(process))
            ended = platform_seconds();
        platform_sleep(PAUSE);
    }
    if (isinf(ended))
        snprintf(error, ERROR_ROOM, "the worker did not answer for %g seconds after its start, and was ended",
            start_patience());
    else
        snprintf(error, ERROR_ROOM, "the worker ended as soon as it was started");
    return OUTCOME_LOST;
}

/* Start a worker and connect to it; what cannot be connected to is ended. */
static enum outcome start(const char *path, struct connection *connection, const struct request *request, char *error)
{
    char log[PATH_ROOM], room[LONGEST_COMMAND], *words[MOST_WORDS + 1];
    double until = platform_seconds() + start_patience();
    enum outcome outcome = OUTCOME_LOST;
    if (!place(log, ".log", error) || !read_command(room, words, error))
        return OUTCOME_LOST;
    platform_lock(LOCK_CLIENT);
    int turns = dying ? 2 : 1; /* the first may give way to a worker that is just about to end */
    platform_unlock(LOCK_CLIENT);
    while (turns-- > 0 && outcome == OUTCOME_LOST && platform_seconds() < until) {
        long group, process = platform_start(words, log, &group, error);
        if (!process)
            return OUTCOME_LOST;
        outcome = wait_for(process, path, until, connection, request, error);
        if (outcome != OUTCOME_DONE)
            platform_kill_group(group);
    }
    if (outcome == OUTCOME_LOST) {
        size_t length = strlen(error);
        snprintf(error + length, ERROR_ROOM - length, "; see %.600s, or run `interneg install` again", log);
    }
    return outcome;
}

/* Start a worker, unless that has just failed: a host does not wait for it at each frame. */
static enum outcome start_once(
    const char *path, struct connection *connection, const struct request *request, char *error)
{
    if (platform_seconds() < refused_until) {
        snprintf(error, ERROR_ROOM, "%s", refusal);
        return OUTCOME_LOST;
    }
    enum outcome outcome = start(path, connection, request, error);
    if (outcome == OUTCOME_LOST) {
        snprintf(refusal, sizeof refusal, "%s", error);
        refused_until = platform_seconds() + REFUSAL;
    }
    return outcome;
}

/* Send or receive all of it, the other side never being silent for longer than `patience`. */
static enum outcome transfer(const struct connection *connection, void *bytes, size_t length, bool sending,
    const struct request *request, bool is_body, char *error)
{
    double until = platform_seconds() + patience();
    size_t done = 0;
    while (done < length) {
        char *rest = (char *)bytes + done;
        const bool first = sending && !is_body && done == 0;
        ptrdiff_t moved = sending ? platform_send(connection->socket, rest, length - done, request->descriptors,
                                        first ? request->count : 0)
                                  : platform_receive(connection->socket, rest, length - done);
        if (moved < 0) {
            snprintf(error, ERROR_ROOM, "the worker ended in the middle of its work; its log says why");
            return OUTCOME_LOST;
        }
        done += (size_t)moved;
        if (moved > 0)
            until = platform_seconds() + patience();
        else if (aborted(request))
            return OUTCOME_ABORTED;
        else if (platform_seconds() > until) {
            platform_kill(connection->worker);
            snprintf(error, ERROR_ROOM, "the worker did not answer for %g seconds and was ended", patience());
            return OUTCOME_FAILED;
        }
    }
    return OUTCOME_DONE;
}

static enum outcome send_request(const struct connection *connection, const struct request *request, char *error)
{
    uint8_t header[HEADER_SIZE];
    if (request->body->failed || request->body->length > LONGEST_BODY || request->count > MOST_IMAGES) {
        snprintf(error, ERROR_ROOM, "the request is too large for the worker");
        return OUTCOME_FAILED;
    }
    message_write_header(header, request->kind, request->body->length, request->count);
    enum outcome outcome = transfer(connection, header, sizeof header, true, request, false, error);
    if (outcome == OUTCOME_DONE)
        outcome = transfer(connection, request->body->bytes, request->body->length, true, request, true, error);
    return outcome;
}

/* The next message that is not a sign of life. */
static enum outcome receive(const struct connection *connection, const struct request *request,
    enum message_kind *kind, const struct json **body, char *error)
{
    do {
        uint8_t header[HEADER_SIZE];
        size_t length;
        enum outcome outcome = transfer(connection, header, sizeof header, false, request, false, error);
        if (outcome != OUTCOME_DONE)
            return outcome;
        bool good = message_read_header(header, kind, &length);
        char *bytes = good ? malloc(length + 1) : NULL;
        if (bytes)
            outcome = transfer(connection, bytes, length, false, request, true, error);
        *body = bytes && outcome == OUTCOME_DONE ? message_read_body(bytes, length) : NULL;
        free(bytes);
        if (outcome != OUTCOME_DONE)
            return outcome;
        if (!*body) {
            snprintf(error, ERROR_ROOM, "the worker's answer cannot be read: is it of another version?");
            return OUTCOME_FAILED;
        }
        if (*kind == MESSAGE_WORKING)
            json_free(*body);
    } while (*kind == MESSAGE_WORKING);
    return OUTCOME_DONE;
}

/* One request and its answer. `clean` where the connection can take another request. */
static enum outcome converse(const struct connection *connection, const struct request *request,
    enum message_kind wanted, struct reply *reply, bool *clean)
{
    const struct json *body = NULL;
    enum message_kind kind;
    *clean = false;
    enum outcome outcome = send_request(connection, request, reply->error);
    if (outcome == OUTCOME_DONE || outcome == OUTCOME_LOST) /* why it hung up, it may have said before */
        outcome = receive(connection, request, &kind, &body, reply->error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    *clean = true;
    if (kind == wanted) {
        reply->answer = body;
        return OUTCOME_DONE;
    }
    *clean = kind == MESSAGE_FAILED;
    snprintf(reply->code, sizeof reply->code, "%s", json_text(json_get(body, "code"), ""));
    snprintf(reply->error, sizeof reply->error, "%s",
        json_text(json_get(body, "message"), "the worker's answer is not understood"));
    json_free(body);
    return OUTCOME_FAILED;
}

static enum outcome hello(const struct connection *connection, const struct request *request, struct reply *reply)
{
    struct text body = {0};
    char name[sizeof host_name + 32];
    bool clean;
    platform_lock(LOCK_CLIENT);
    snprintf(name, sizeof name, "%s (%ld)", host_name, platform_process());
    platform_unlock(LOCK_CLIENT);
    text_add(&body, "{\"client\": ");
    text_quote(&body, name);
    text_add(&body, "}");
    struct request first = {MESSAGE_HELLO, &body, NULL, 0, request->aborted, request->who};
    enum outcome outcome = converse(connection, &first, MESSAGE_WELCOME, reply, &clean);
    text_free(&body);
    json_free(reply->answer);
    reply->answer = NULL;
    return outcome;
}

static enum outcome connect_anew(struct connection *connection, const struct request *request, struct reply *reply)
{
    char path[PATH_ROOM];
    connection->socket = NOBODY;
    if (!place(path, ".sock", reply->error))
        return OUTCOME_LOST;
    enum outcome outcome = OUTCOME_DONE;
    reach_worker(path, connection, reply->error);
    if (connection->socket == NOBODY) {
        while (!platform_try_lock(LOCK_START)) { /* one thread starts it, the others wait */
            if (aborted(request))
                return OUTCOME_ABORTED;
            platform_sleep(PAUSE);
        }
        reach_worker(path, connection, reply->error);
        if (connection->socket == NOBODY)
            outcome = start_once(path, connection, request, reply->error);
        platform_unlock(LOCK_START);
    }
    if (connection->socket < 0)
        return outcome == OUTCOME_DONE ? OUTCOME_LOST : outcome;
    return hello(connection, request, reply);
}

/* Take a connection that rests, or leave to open one; false where all are busy. */
static bool take_connection(struct connection *connection)
{
    *connection = (struct connection){NOBODY, 0};
    platform_lock(LOCK_CLIENT);
    bool granted = busy < MOST_CONNECTIONS;
    busy += granted;
    while (granted && rested > 0 && connection->socket == NOBODY) {
        *connection = resting[--rested];
        if (platform_waiting(connection->socket)) { /* what waits can only be its end */
            platform_hang_up(connection->socket);
            connection->socket = NOBODY;
        }
    }
    platform_unlock(LOCK_CLIENT);
    return granted;
}

static void leave_connection(struct connection connection, bool clean)
{
    platform_lock(LOCK_CLIENT);
    busy--;
    if (clean)
        resting[rested++] = connection;
    else if (connection.socket >= 0)
        platform_hang_up(connection.socket);
    platform_unlock(LOCK_CLIENT);
}

/* A worker that hung up is dying: it may seem to listen, and its other connections to be alive, for a while. */
static void bury(long worker)
{
    size_t kept = 0;
    platform_lock(LOCK_CLIENT);
    for (size_t i = 0; i < rested; i++)
        if (resting[i].worker == worker)
            platform_hang_up(resting[i].socket);
        else
            resting[kept++] = resting[i];
    rested = kept;
    dying = worker;
    dying_until = platform_seconds() + BURIAL;
    platform_unlock(LOCK_CLIENT);
}

enum outcome client_ask(const struct request *request, struct reply *reply)
{
    enum outcome outcome = OUTCOME_LOST;
    memset(reply, 0, sizeof *reply);
    for (int turn = 0; turn < 2 && outcome == OUTCOME_LOST; turn++) {
        struct connection connection;
        bool clean = false;
        while (!take_connection(&connection)) {
            if (aborted(request))
                return OUTCOME_ABORTED;
            platform_sleep(PAUSE);
        }
        outcome = connection.socket >= 0 ? OUTCOME_DONE : connect_anew(&connection, request, reply);
        if (outcome == OUTCOME_DONE)
            outcome = converse(&connection, request, MESSAGE_DONE, reply, &clean);
        leave_connection(connection, clean);
        if (connection.socket < 0)
            break; /* no worker can be had */
        if (outcome == OUTCOME_LOST)
            bury(connection.worker);
    }
    return outcome;
}
