/* The knobs of a node, read from its host's parameters at a time. */
#ifndef INTERNEG_PARAMS_READ_H
#define INTERNEG_PARAMS_READ_H

#include "instance.h"
#include "text.h"

/* Set the parameters' handles of an instance whose node and effect are set. False where one is missing. */
bool params_find(struct instance *instance);

/* Add all knobs but the buttons to a text, as a JSON object: {"strength": 1, ...}. */
void params_write(const struct instance *instance, double time, struct text *text);

/* Whether the node's strength is 0, so that it changes nothing. */
bool params_is_bypassed(const struct instance *instance, double time);

/* Whether an extra input counts: a mask whose tick "Use" is set, or an input that is no mask. */
bool params_uses(const struct instance *instance, size_t input, double time);

#endif
