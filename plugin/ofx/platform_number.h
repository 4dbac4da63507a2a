/* Numbers as text, with a decimal point whatever the host's locale is. */
#ifndef INTERNEG_PLATFORM_NUMBER_H
#define INTERNEG_PLATFORM_NUMBER_H

#include <stddef.h>

/* The number that a text begins with, as strtod reads it; 0 where there is none. */
double platform_to_number(const char *word);

/* Write a number with 17 digits, which bring the same double back, into the `room` bytes at `word`. */
void platform_from_number(char *word, size_t room, double number);

#endif
