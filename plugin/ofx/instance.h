/* What the plugin keeps of one node in a host's graph: its handles. */
#ifndef INTERNEG_INSTANCE_H
#define INTERNEG_INSTANCE_H

#include <stdatomic.h>

#include "nodes.h"
#include "ofx.h"

/* The handles are the host's. */
struct instance {
    const struct node *node;
    OfxImageEffectHandle effect;
    OfxPropertySetHandle properties;
    OfxParamSetHandle params;
    OfxImageClipHandle source, output, extra[MOST_INPUTS];
    /* NULL for a parameter that the host has refused: */
    OfxParamHandle knob[MOST_KNOBS];      /* of each knob */
    OfxParamHandle automatic[MOST_KNOBS]; /* its tick "Auto"; NULL where the knob has none, too */
    OfxParamHandle use[MOST_INPUTS];      /* the tick "Use" of each mask; NULL for other inputs, too */
    OfxParamHandle space, space_menu;     /* the colour space, and its menu */
    atomic_bool shows_message;            /* the host shows a message at the node, which stays */
};

#endif
