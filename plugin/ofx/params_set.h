/* Writing the host's parameters: what a button found, and which of them the user can change. */
#ifndef INTERNEG_PARAMS_SET_H
#define INTERNEG_PARAMS_SET_H

#include "instance.h"

/* Set knobs to the values of a JSON object, as params_write writes it, for all frames. Names that the node
 * does not know, and values of another kind, are left out. */
void params_set(const struct instance *instance, const struct json *values);

/* Let the user change each number whose tick "Auto" is not set at that time, and no other. */
void params_enable_numbers(const struct instance *instance, double time);

#endif
