/* What a host is told of a plugin before it makes an instance: the actions Describe and DescribeInContext. */
#ifndef INTERNEG_DESCRIBE_H
#define INTERNEG_DESCRIBE_H

#include "nodes.h"
#include "ofx.h"

/* Set the plugin's labels, help, contexts, pixel depths and abilities. */
OfxStatus describe(const struct node *node, OfxImageEffectHandle effect);

/* Define the clips and the parameters, which are the same in all contexts. */
OfxStatus describe_in_context(const struct node *node, OfxImageEffectHandle effect);

#endif
