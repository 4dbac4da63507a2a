/* What the plugins do when the host asks. */
#ifndef INTERNEG_SHELL_H
#define INTERNEG_SHELL_H

#include "params.h"

OfxStatus describe(const struct node *node, OfxImageEffectHandle effect);
OfxStatus describe_in_context(const struct node *node, OfxImageEffectHandle effect);

/* Render one frame, or do what a button stands for. */
OfxStatus render(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out);
OfxStatus press(struct instance *instance, const char *button, OfxPropertySetHandle in);

/* All other actions. */
OfxStatus act(const struct node *node, const char *action, OfxImageEffectHandle effect, OfxPropertySetHandle in,
    OfxPropertySetHandle out);

enum { BEYOND = 3 }; /* frames beyond a window's ends that cut detection looks at */

#endif
