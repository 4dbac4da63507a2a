/* Malformed messages against the shell's reader: `fuzz COUNT SEED`. Run with the sanitizers, it ends with 0
 * where no message crashed it, all that is right was read, and what is wrong was refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

static const char *const right[] = {
    "{}",
    " { \"version\" : \"0.1.0\" , \"pid\" : 4712 } ",
    "{\"notes\": [\"noise measured: 7.25 code values\", "
    "\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"]}",
    "{\"code\": \"gpu-memory\", \"message\": \"gr\xc3\xb6\xc3\x9f, \xf0\x9f\x98\x80\"}",
    "{\"knobs\": {\"noise\": 7.5, \"a\": -0, \"b\": 1e-3, \"c\": -1.5E+10, \"d\": null, \"e\": true, \"f\": "
    "false}}",
    "{\"deep\": [[[[[[[[[[{\"a\": [{}, [], \"\", 0]}]]]]]]]]]]}",
};

/* clang-format off */
static const char *const wrong[] = {
    "", " ", "[]", "1", "\"a\"", "null", "{", "}", "{}{}", "{} x", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}",
    "{a: 1}", "{'a': 1}", "{\"a\": 01}", "{\"a\": +1}", "{\"a\": 1.}", "{\"a\": .5}", "{\"a\": 1e}", "{\"a\": -}",
    "{\"a\": 1e999}", "{\"a\": NaN}", "{\"a\": tru}", "{\"a\": \"\\x\"}", "{\"a\": \"\\u12\"}", "{\"a\": \"\\u0000\"}",
    "{\"a\": \"\\ud800\"}", "{\"a\": \"\\ude00\"}", "{\"a\": \"\\ud800\\u0041\"}", "{\"a\": \"\x01\"}", "{\"a\": \"\xff\"}",
    "{\"a\": \"\xc0\x80\"}", "{\"a\": \"\xed\xa0\x80\"}", "{\"a\": \"\xf4\x90\x80\x80\"}", "{\"a\": \"\xe2\x82\"}", "{\"a\": \"b",
    "{\"a\": [1 2]}", "{\"a\": [1,]}", "{\"a\": [}", "{\"a\": {]}", "{\"a\": 1}\v",
};
/* clang-format on */

static uint64_t state;

static uint32_t chance(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

/* Touch all of a value, and count what is in it. */
static size_t visit(const struct json *value)
{
    size_t seen = 1 + (value->name ? strlen(value->name) : 0) + (value->text ? strlen(value->text) : 0);
    size_t elements = 0;
    for (const struct json *element = value->first; element; element = element->next, elements++)
        seen += visit(element);
    if (elements != value->count)
        abort();
    return seen;
}

/* Read a message as the shell does, from memory of exactly its size. Whether it was taken. */
static bool take(const char *bytes, size_t size)
{
    enum message_kind kind;
    size_t length;
    if (size < HEADER_SIZE)
        return false;
    char *exact = malloc(size);
    if (!exact)
        abort();
    memcpy(exact, bytes, size);
    bool taken = false;
    if (message_read_header((const uint8_t *)exact, &kind, &length) && length <= size - HEADER_SIZE) {
        char *body = malloc(length + 1);
        if (!body)
            abort();
        memcpy(body, exact + HEADER_SIZE, length);
        body[length] = 'x'; /* the reader must not rely on an end */
        const struct json *object = message_read_body(body, length);
        taken = object && visit(object) > 0 && !json_get(object, "no such member");
        json_free(object);
        free(body);
    }
    free(exact);
    return taken;
}

static size_t write_message(char *to, enum message_kind kind, const char *body, size_t length)
{
    message_write_header((uint8_t *)to, kind, length, 0);
    memcpy(to + HEADER_SIZE, body, length);
    return HEADER_SIZE + length;
}

static bool take_body(const char *body)
{
    char message[1024];
    return take(message, write_message(message, MESSAGE_DONE, body, strlen(body)));
}

static size_t damage(char *message, size_t size, size_t room)
{
    static const char telling[] = "{}[]\",:\\u0123456789eE+-.tfn \xff\xc3\xed\x00";
    for (uint32_t turns = 1 + chance(6); turns > 0 && size > 0; turns--) {
        size_t at = chance((uint32_t)size), span = chance((uint32_t)(size - at) + 1);
        switch (chance(5)) {
        case 0:
            message[at] = (char)chance(256);
            break;
        case 1:
            message[at] = telling[chance(sizeof telling - 1)];
            break;
        case 2: /* cut out */
            memmove(message + at, message + at + span, size - at - span);
            size -= span;
            break;
        case 3: /* double */
            if (size + span <= room) {
                memmove(message + at + span, message + at, size - at);
                size += span;
            }
            break;
        default: /* break off */
            size = at;
        }
    }
    if (chance(2) && size >= HEADER_SIZE) /* an honest length lets the damage reach the body's reader */
        message_write_header((uint8_t *)message, MESSAGE_WELCOME + chance(4), size - HEADER_SIZE, 0);
    return size;
}

int main(int argc, char **argv)
{
    static char message[4096], deep[8192];
    long count = argc > 1 ? atol(argv[1]) : 1000, taken = 0;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 1;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        if (!take_body(right[i]))
            return fprintf(stderr, "refused: %s\n", right[i]), 1;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (take_body(wrong[i]))
            return fprintf(stderr, "taken: %s\n", wrong[i]), 1;
    size_t length = (size_t)snprintf(deep, sizeof deep, "{\"a\":");
    memset(deep + length, '[', 4000);
    if (message_read_body(deep, length + 4000))
        return fprintf(stderr, "taken: 4000 arrays deep\n"), 1;

    for (long i = 0; i < count; i++) {
        const char *body = right[chance(sizeof right / sizeof *right)];
        size_t size = write_message(message, MESSAGE_WELCOME + chance(4), body, strlen(body));
        taken += take(message, damage(message, size, sizeof message));
    }
    printf("%ld messages, %ld of them still right\n", count, taken);
    return 0;
}
