/* A text that grows as JSON is written to it. */
#ifndef INTERNEG_TEXT_H
#define INTERNEG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}, and is freed with text_free. */
struct text {
    char *bytes; /* ended by a zero; NULL as long as nothing was added */
    size_t length, room;
    bool failed; /* memory ran out: the text breaks off where it did, and nothing more is added */
};

/* Add these words as they are. */
void text_add(struct text *text, const char *words);

/* Add these words as a JSON string, in quotes. Bytes that are not UTF-8 become question marks. */
void text_quote(struct text *text, const char *words);

/* Add a number, with 17 digits and a decimal point whatever the locale is; null where it is not finite. */
void text_number(struct text *text, double number);

/* Free what the text holds; it can be used again. */
void text_free(struct text *text);

#endif
