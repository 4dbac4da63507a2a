/* Knobs as a host's parameters: defined, and read back. */
#ifndef INTERNEG_PARAMS_H
#define INTERNEG_PARAMS_H

#include <stdatomic.h>

#include "host.h"
#include "nodes.h"

struct instance {
    const struct node *node;
    OfxImageEffectHandle effect;
    OfxPropertySetHandle properties;
    OfxParamSetHandle params;
    OfxImageClipHandle source, output, extra[MOST_INPUTS];
    OfxParamHandle knob[MOST_KNOBS], automatic[MOST_KNOBS]; /* NULL where there is none */
    OfxParamHandle use[MOST_INPUTS], space, menu;
    atomic_bool complained;
};

/* How far a render looks, and how much larger its result is. */
struct reach {
    int before, after, enlarges;
};

void params_define(OfxParamSetHandle params, const struct node *node);
bool params_find(struct instance *instance);

/* {"strength": 1, ...} at that time. */
void params_write(const struct instance *instance, double time, struct text *text);
/* False where nodes.json tells nothing of these values. */
bool params_reach(const struct instance *instance, double time, struct reach *reach);
/* The frame to look at beside those around: of the node's list of such frames the last at or before the time, else the
   first. False where there is none. */
bool params_anchor(const struct instance *instance, double time, int *number);
bool params_is_bypassed(const struct instance *instance, double time);
bool params_uses(const struct instance *instance, size_t input, double time);
/* The name of the colour space that the pixels are in, of the OCIO configuration `config`: NULL where the host names
   none, and $OCIO counts. */
const char *params_space(const struct instance *instance, double time, const char **config);

/* Set knobs to the values that a button found. */
void params_set(const struct instance *instance, const struct json *values);
/* Numbers wait while they are found automatically. */
void params_show_automatic(const struct instance *instance, double time);
/* The menu of colour spaces writes its choice as a name, and goes back to its first line. */
void params_choose_space(const struct instance *instance, double time);

#endif
