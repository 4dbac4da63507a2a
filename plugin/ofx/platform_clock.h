/* The clock, and waiting. */
#ifndef INTERNEG_PLATFORM_CLOCK_H
#define INTERNEG_PLATFORM_CLOCK_H

/* Seconds since some fixed moment, of a clock that nobody sets: good for time spans alone. */
double platform_seconds(void);

/* Wait for that many seconds, or less where a signal comes. */
void platform_sleep(double seconds);

#endif
