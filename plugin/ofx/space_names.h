/* The OCIO configuration in force, and the names of its colour spaces. */
#ifndef INTERNEG_SPACE_NAMES_H
#define INTERNEG_SPACE_NAMES_H

#include <stdbool.h>

#include "json.h"
#include "sizes.h"

/* $OCIO as the worker can follow it, which has another current folder: an absolute path, in `room` where it
 * was a relative one, or an ocio:// name; "" where it is not set. */
const char *space_config(char room[PATH_ROOM]);

/* The roles and colour spaces of a configuration, an array of strings, which lives until space_names_free:
 * those of Resources/spaces.json where it was made for that configuration, else what the worker says, which
 * is asked once for each configuration, if `ask`. NULL where nobody knows, or there is no spaces.json. */
const struct json *space_names(const char *config, bool ask);

/* Free all names that the worker told, when the plugin is unloaded. */
void space_names_free(void);

#endif
