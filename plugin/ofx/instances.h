/* Making, finding and freeing what the plugin keeps of a node. */
#ifndef INTERNEG_INSTANCES_H
#define INTERNEG_INSTANCES_H

#include "instance.h"

/* Make the instance of an effect that the host has created, and note it there. Returns what the host is told:
 * kOfxStatErrMemory, or kOfxStatFailed where the host does not give what was defined. */
OfxStatus instance_create(const struct node *node, OfxImageEffectHandle effect);

/* The instance of an effect; NULL where there is none. */
struct instance *instance_of(OfxImageEffectHandle effect);

/* Free the instance of an effect that the host destroys. */
void instance_free(struct instance *instance);

#endif
