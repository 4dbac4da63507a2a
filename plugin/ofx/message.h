/* Messages between shell and worker: docs/developers/worker.md. */
#ifndef INTERNEG_MESSAGE_H
#define INTERNEG_MESSAGE_H

#include "json.h"

#include <stdint.h>

enum { HEADER_SIZE = 16, LONGEST_BODY = 1 << 20, PROTOCOL = 1, MOST_IMAGES = 128 };

enum message_kind {
    MESSAGE_HELLO = 1,
    MESSAGE_RENDER = 2,
    MESSAGE_ACTION = 3,
    MESSAGE_WELCOME = 64,
    MESSAGE_WORKING = 65,
    MESSAGE_DONE = 66,
    MESSAGE_FAILED = 67
};

void message_write_header(uint8_t header[HEADER_SIZE], enum message_kind kind, size_t length, size_t descriptors);

/* False for anything that no worker of this version answers. */
bool message_read_header(const uint8_t header[HEADER_SIZE], enum message_kind *kind, size_t *length);

/* An object, or NULL. */
const struct json *message_read_body(const char *body, size_t length);

#endif
