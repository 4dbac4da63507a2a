/* The parameters that a node has in its host, made from its knobs. */
#ifndef INTERNEG_PARAMS_DEFINE_H
#define INTERNEG_PARAMS_DEFINE_H

#include "nodes.h"
#include "ofx.h"

/* Define all parameters of a node: its groups, a page, the knobs, a tick "Use" for each mask, and the colour
 * space. A parameter that the host refuses is left out. */
void params_define(OfxParamSetHandle params, const struct node *node);

#endif
