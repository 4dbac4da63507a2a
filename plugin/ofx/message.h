/* The messages between the plugin and the worker, as bytes: docs/developers/worker.md. */
#ifndef INTERNEG_MESSAGE_H
#define INTERNEG_MESSAGE_H

#include <stdint.h>

#include "json.h"

enum {
    PROTOCOL = 1,           /* the version that both sides speak */
    HEADER_SIZE = 16,       /* bytes */
    LONGEST_BODY = 1 << 20, /* bytes */
    MOST_IMAGES = 128       /* pictures of one request, each a descriptor */
};

enum message_kind {
    MESSAGE_HELLO = 1,
    MESSAGE_RENDER = 2,
    MESSAGE_ACTION = 3,
    MESSAGE_SPACES = 6,
    MESSAGE_WELCOME = 64,
    MESSAGE_WORKING = 65,
    MESSAGE_DONE = 66,
    MESSAGE_FAILED = 67
};

/* Write the header of a message whose body has `length` bytes, with which so many descriptors are sent. */
void message_write_header(
    uint8_t header[HEADER_SIZE], enum message_kind kind, size_t length, size_t descriptors);

/* Read the header of an answer: its kind, and the bytes of its body. False where no worker of this version
 * answers so; then neither is to be used. */
bool message_read_header(const uint8_t header[HEADER_SIZE], enum message_kind *kind, size_t *length);

/* Read a body of `length` bytes: an object, which the caller frees with json_free; NULL where it is none. */
const struct json *message_read_body(const char *body, size_t length);

#endif
