/* UTF-8. */
#ifndef INTERNEG_UTF8_H
#define INTERNEG_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes the character at `at` takes, of the bytes before `end`, of which there is at least one: 1 to
 * 4, or 0 where they are not valid UTF-8. */
size_t utf8_length(const char *at, const char *end);

/* Write a character of that Unicode number at `to`, in 1 to 4 bytes; the place behind it is returned. */
char *utf8_write(char *to, uint32_t code);

#endif
