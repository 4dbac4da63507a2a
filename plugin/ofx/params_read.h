/* The knobs of a node, read from its host's parameters at a time. */
#ifndef INTERNEG_PARAMS_READ_H
#define INTERNEG_PARAMS_READ_H

#include "instance.h"
#include "sizes.h"
#include "text.h"

/* Set the parameters' handles of an instance whose node and effect are set; NULL for those that the host has
 * refused. False where it has none at all. */
bool params_find(struct instance *instance);

/* Whether all numbers and choices are within their limits, which not every host keeps to; `error` says which
 * is not. */
bool params_check(const struct instance *instance, double time, char error[ERROR_ROOM]);

/* Add all knobs but the buttons to a text, as a JSON object: {"strength": 1, ...}. Those that the host has no
 * parameter for are left out, and have their default. */
void params_write(const struct instance *instance, double time, struct text *text);

/* Whether the node's strength is 0, so that it changes nothing. */
bool params_is_bypassed(const struct instance *instance, double time);

/* Whether an extra input counts: a mask whose tick "Use" is set, or an input that is no mask. */
bool params_uses(const struct instance *instance, size_t input, double time);

#endif
