/* All that a host asks of a plugin but loading and unloading. */
#ifndef INTERNEG_ACTIONS_H
#define INTERNEG_ACTIONS_H

#include "nodes.h"
#include "ofx.h"

/* Do one action of the host, and return what it is told: kOfxStatReplyDefault for an action that is not
 * known. */
OfxStatus do_action(const struct node *node, const char *action, OfxImageEffectHandle effect,
    OfxPropertySetHandle in, OfxPropertySetHandle out);

#endif
