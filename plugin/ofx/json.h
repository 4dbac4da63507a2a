/* JSON: a strict reader, and a text that grows. */
#ifndef INTERNEG_JSON_H
#define INTERNEG_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    const char *name; /* of a member of an object, else NULL */
    const char *text; /* of a string, UTF-8; else NULL */
    double number;
    size_t count; /* elements of an array, members of an object */
    const struct json *first, *next;
};

/* Read one value and nothing after it, or return NULL: malformed, not UTF-8, deeper than 32, a text with a zero in
 * it, a number beyond double, or no memory. The value is freed by json_free. */
const struct json *json_read(const char *text, size_t length);
void json_free(const struct json *root);

/* All of these take NULL for a value that is not there. */
const struct json *json_get(const struct json *object, const char *name);
const char *json_text(const struct json *value, const char *otherwise);
double json_number(const struct json *value, double otherwise);
bool json_true(const struct json *value);

/* Zeroed at first; `failed` where memory ran out, after which nothing is added. */
struct text {
    char *bytes;
    size_t length, room;
    bool failed;
};

void text_add(struct text *text, const char *words);
/* As a JSON string; bytes that are not UTF-8 become question marks. */
void text_quote(struct text *text, const char *words);
/* Shortest of 17 digits, whatever the locale; what is not finite becomes null. */
void text_number(struct text *text, double number);
void text_free(struct text *text);

#endif
