/* A strict reader of JSON. text.h writes it. */
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
    size_t count;                    /* elements of an array, members of an object */
    const struct json *first, *next; /* the first of these; the one after this value */
};

/* Read one value from `length` bytes that hold nothing else. The value, with all that is in it, is the
 * caller's, who frees it with json_free; it does not point into `text`. NULL where the bytes are no JSON or
 * no UTF-8, hold a string with a zero in it, a number beyond a double, or arrays and objects more than 32
 * deep, or where memory runs out. */
const struct json *json_read(const char *text, size_t length);

/* Free a value that json_read returned. NULL is allowed. */
void json_free(const struct json *root);

/* The value of an object's member; NULL where there is none, or `object` is NULL or no object. It lives as
 * long as the object. */
const struct json *json_get(const struct json *object, const char *name);

/* The text of a string, which lives as long as the value; `otherwise` where `value` is NULL or no string. */
const char *json_text(const struct json *value, const char *otherwise);

/* A number; `otherwise` where `value` is NULL or no number. */
double json_number(const struct json *value, double otherwise);

/* Whether `value` is true; false for NULL and for all else. */
bool json_true(const struct json *value);

#endif
