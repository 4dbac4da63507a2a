/* The colour space that the host's pixels are in. */
#ifndef INTERNEG_PARAMS_SPACE_H
#define INTERNEG_PARAMS_SPACE_H

#include "instance.h"

/* The role that the parameter "Input space" holds at first. Where it still does, a host that tells its colour
 * space is believed. */
extern const char DEFAULT_SPACE[];

/* Whether there are colour spaces to offer in a menu. */
bool params_offers_spaces(void);

/* The name of the colour space at a time, and in `config` the OCIO configuration that knows it: a path or a
 * URI; NULL where the host names none, so that $OCIO counts. Both texts are the host's or constant, and last
 * until its next call. */
const char *params_space(const struct instance *instance, double time, const char **config);

/* Give a menu its lines: a first one that chooses nothing, and these names, an array of strings or NULL. */
void params_offer_spaces(OfxPropertySetHandle menu, const struct json *names);

/* Let the menu of an instance offer the spaces of the configuration in force, where those that it was
 * described with are another's. */
void params_refresh_spaces(const struct instance *instance);

/* Write the space that the user chose in the menu into "Input space", and set the menu back to its first
 * line. */
void params_choose_space(const struct instance *instance, double time);

#endif
