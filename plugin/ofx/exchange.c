#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>

#include "platform_clock.h"
#include "platform_process.h"
#include "platform_socket.h"
#include "settings.h"

/* Send or receive all of `length` bytes. A worker that is silent for too long is ended. */
static enum outcome transfer(const struct connection *connection, void *bytes, size_t length, bool sending,
    const struct request *request, bool is_body, char *error)
{
    double until = platform_seconds() + settings_answer_timeout();
    size_t done = 0;
    while (done < length) {
        char *rest = (char *)bytes + done;
        const bool first = sending && !is_body && done == 0;
        ptrdiff_t moved = sending ? platform_send(connection->socket, rest, length - done,
                                        request->descriptors, first ? request->count : 0)
                                  : platform_receive(connection->socket, rest, length - done);
        if (moved < 0) {
            snprintf(error, ERROR_ROOM, "the worker ended in the middle of its work; its log says why");
            return OUTCOME_LOST;
        }
        done += (size_t)moved;
        if (moved > 0)
            until = platform_seconds() + settings_answer_timeout();
        else if (request_is_aborted(request))
            return OUTCOME_ABORTED;
        else if (platform_seconds() > until) {
            platform_kill(connection->worker);
            snprintf(error, ERROR_ROOM, "the worker did not answer for %g seconds and was ended",
                settings_answer_timeout());
            return OUTCOME_FAILED;
        }
    }
    return OUTCOME_DONE;
}

static enum outcome send_request(
    const struct connection *connection, const struct request *request, char *error)
{
    uint8_t header[HEADER_SIZE];
    if (request->body->failed || request->body->length > LONGEST_BODY || request->count > MOST_IMAGES) {
        snprintf(error, ERROR_ROOM, "the request is too large for the worker");
        return OUTCOME_FAILED;
    }
    message_write_header(header, request->kind, request->body->length, request->count);
    enum outcome outcome = transfer(connection, header, sizeof header, true, request, false, error);
    if (outcome == OUTCOME_DONE)
        outcome =
            transfer(connection, request->body->bytes, request->body->length, true, request, true, error);
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

enum outcome exchange(const struct connection *connection, const struct request *request,
    enum message_kind wanted, struct reply *reply, bool *reusable)
{
    const struct json *body = NULL;
    enum message_kind kind;
    *reusable = false;
    enum outcome outcome = send_request(connection, request, reply->error);
    if (outcome == OUTCOME_DONE ||
        outcome == OUTCOME_LOST) /* a worker may say why before it closes the connection */
        outcome = receive(connection, request, &kind, &body, reply->error);
    if (outcome != OUTCOME_DONE)
        return outcome;
    *reusable = true;
    if (kind == wanted) {
        reply->answer = body;
        return OUTCOME_DONE;
    }
    *reusable = kind == MESSAGE_FAILED;
    snprintf(reply->code, sizeof reply->code, "%s", json_text(json_get(body, "code"), ""));
    snprintf(reply->error, sizeof reply->error, "%s",
        json_text(json_get(body, "message"), "the worker's answer is not understood"));
    json_free(body);
    return OUTCOME_FAILED;
}
