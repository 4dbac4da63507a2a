#include "message.h"

#include <string.h>

static void put(uint8_t *to, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

static uint32_t get(const uint8_t *from, int bytes)
{
    uint32_t number = 0;
    for (int i = 0; i < bytes; i++)
        number |= (uint32_t)from[i] << 8 * i;
    return number;
}

void message_write_header(
    uint8_t header[HEADER_SIZE], enum message_kind kind, size_t length, size_t descriptors)
{
    memcpy(header, "INTG", 4);
    put(header + 4, PROTOCOL, 2);
    put(header + 6, kind, 2);
    put(header + 8, (uint32_t)length, 4);
    put(header + 12, (uint32_t)descriptors, 4);
}

bool message_read_header(const uint8_t header[HEADER_SIZE], enum message_kind *kind, size_t *length)
{
    uint32_t number = get(header + 6, 2);
    *kind = (enum message_kind)number;
    *length = get(header + 8, 4);
    return memcmp(header, "INTG", 4) == 0 && get(header + 4, 2) == PROTOCOL && number >= MESSAGE_WELCOME &&
           number <= MESSAGE_FAILED && *length <= LONGEST_BODY && get(header + 12, 4) == 0;
}

const struct json *message_read_body(const char *body, size_t length)
{
    const struct json *object = json_read(body, length);
    if (object && object->kind == JSON_OBJECT)
        return object;
    json_free(object);
    return NULL;
}
