#include "instances.h"

#include <stdlib.h>

#include "host.h"
#include "params_read.h"
#include "params_set.h"
#include "params_space.h"

static OfxImageClipHandle clip_named(OfxImageEffectHandle effect, const char *name)
{
    OfxImageClipHandle clip = NULL;
    return host.effect->clipGetHandle(effect, name, &clip, NULL) == kOfxStatOK ? clip : NULL;
}

OfxStatus instance_create(const struct node *node, OfxImageEffectHandle effect)
{
    struct instance *instance = calloc(1, sizeof *instance);
    if (!instance)
        return kOfxStatErrMemory;
    instance->node = node;
    instance->effect = effect;
    instance->source = clip_named(effect, kOfxImageEffectSimpleSourceClipName);
    instance->output = clip_named(effect, kOfxImageEffectOutputClipName);
    for (size_t i = 0; i < node->inputs; i++)
        instance->extra[i] = clip_named(effect, node->input[i].name);
    if (!instance->source || !instance->output || !params_find(instance) ||
        host.effect->getPropertySet(effect, &instance->properties) != kOfxStatOK ||
        host.property->propSetPointer(instance->properties, kOfxPropInstanceData, 0, instance) !=
            kOfxStatOK) {
        free(instance);
        return kOfxStatFailed;
    }
    params_enable_numbers(instance, 0);
    if (instance->space_menu)
        params_refresh_spaces(instance);
    return kOfxStatOK;
}

struct instance *instance_of(OfxImageEffectHandle effect)
{
    OfxPropertySetHandle properties = NULL;
    if (host.effect->getPropertySet(effect, &properties) != kOfxStatOK)
        return NULL;
    return get_pointer(properties, kOfxPropInstanceData);
}

void instance_free(struct instance *instance)
{
    free(instance);
}
