#include "actions.h"

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "describe.h"
#include "host.h"
#include "instances.h"
#include "params_reach.h"
#include "params_read.h"
#include "params_set.h"
#include "params_space.h"
#include "params_value.h"
#include "pool.h"
#include "press.h"
#include "render.h"
#include "sizes.h"

static double time_of(OfxPropertySetHandle in)
{
    return get_double(in, kOfxPropTime, 0, 0);
}

static void name_of_clip(char name[NAME_ROOM], const char *property, const char *clip)
{
    snprintf(name, NAME_ROOM, "%s%s", property, clip);
}

static OfxStatus clip_preferences(
    struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    (void)in;
    char property[NAME_ROOM];
    OfxPropertySetHandle source = NULL;
    if (host.effect->clipGetPropertySet(instance->source, &source) != kOfxStatOK)
        return kOfxStatReplyDefault;
    const char *components = get_string(source, kOfxImageEffectPropComponents, "");
    const char *depth = get_string(source, kOfxImageEffectPropPixelDepth, "");
    const char *alpha = get_string(source, kOfxImageEffectPropPreMultiplication, "");
    if (strcmp(components, kOfxImageComponentRGBA) != 0 && strcmp(components, kOfxImageComponentRGB) != 0 &&
        strcmp(components, kOfxImageComponentAlpha) != 0)
        return kOfxStatReplyDefault; /* nothing is connected yet */
    name_of_clip(property, kOfxImageClipPropComponents_, kOfxImageEffectOutputClipName);
    set_string(out, property, 0, components);
    name_of_clip(property, kOfxImageClipPropDepth_, kOfxImageEffectOutputClipName);
    if (*depth)
        set_string(out, property, 0, depth);
    if (*alpha)
        set_string(out, kOfxImageEffectPropPreMultiplication, 0, alpha);
    set_int(out, kOfxImageEffectFrameVarying, 0, 1); /* grain moves over a still */
    return kOfxStatOK;
}

static OfxStatus region_of_definition(
    struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    double time = time_of(in);
    struct reach reach;
    OfxRectD region;
    if (host.effect->clipGetRegionOfDefinition(instance->source, time, &region) != kOfxStatOK ||
        !params_reach(instance, time, &reach))
        return kOfxStatReplyDefault;
    int scale = host.resizes && !params_is_bypassed(instance, time) ? reach.enlarges : 1;
    const double sides[] = {region.x1, region.y1, region.x2, region.y2};
    for (int i = 0; i < 4; i++)
        set_double(out, kOfxImageEffectPropRegionOfDefinition, i, sides[i] * scale);
    return kOfxStatOK;
}

/* Ask for all of a clip. */
static void want_region(OfxImageClipHandle clip, const char *name, double time, OfxPropertySetHandle out)
{
    char property[NAME_ROOM];
    OfxRectD region;
    if (!clip || host.effect->clipGetRegionOfDefinition(clip, time, &region) != kOfxStatOK)
        return;
    name_of_clip(property, kOfxImageClipPropRoI_, name);
    const double sides[] = {region.x1, region.y1, region.x2, region.y2};
    for (int i = 0; i < 4; i++)
        set_double(out, property, i, sides[i]);
}

static OfxStatus regions_of_interest(
    struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    double time = time_of(in);
    want_region(instance->source, kOfxImageEffectSimpleSourceClipName, time, out);
    for (size_t i = 0; i < instance->node->inputs; i++)
        want_region(instance->extra[i], instance->node->input[i].name, time, out);
    return kOfxStatOK;
}

static OfxStatus frames_needed(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    double time = time_of(in);
    struct reach reach;
    char property[NAME_ROOM];
    if (!params_reach(instance, time, &reach))
        return kOfxStatReplyDefault;
    int margin = reach_margin(&reach);
    name_of_clip(property, kOfxImageClipPropFrameRange_, kOfxImageEffectSimpleSourceClipName);
    set_double(out, property, 0, time - reach.before - margin);
    set_double(out, property, 1, time + reach.after + margin);
    int anchor;
    if (params_anchor(instance, time, &anchor)) {
        set_double(out, property, 2, anchor);
        set_double(out, property, 3, anchor);
    }
    for (size_t i = 0; i < instance->node->inputs; i++)
        if (strcmp(instance->node->input[i].key, "reference") == 0 && params_uses(instance, i, time)) {
            name_of_clip(property, kOfxImageClipPropFrameRange_, instance->node->input[i].name);
            set_double(out, property, 0, time - reach.before);
            set_double(out, property, 1, time + reach.after);
        }
    return kOfxStatOK;
}

static OfxStatus is_identity(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    double time = time_of(in);
    if (!params_is_bypassed(instance, time))
        return kOfxStatReplyDefault;
    set_string(out, kOfxPropName, 0, kOfxImageEffectSimpleSourceClipName);
    set_double(out, kOfxPropTime, 0, time);
    return kOfxStatOK;
}

static OfxStatus clip_changed(const struct instance *instance, const char *name)
{
    for (size_t i = 0; i < instance->node->inputs; i++) {
        OfxPropertySetHandle clip = NULL;
        if (instance->use[i] && strcmp(name, instance->node->input[i].name) == 0 &&
            host.effect->clipGetPropertySet(instance->extra[i], &clip) == kOfxStatOK)
            host.param->paramSetValue(instance->use[i], get_int(clip, kOfxImageClipPropConnected, 0, 0) != 0);
    }
    return kOfxStatOK;
}

static OfxStatus changed(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    (void)out;
    double time = time_of(in);
    const char *type = get_string(in, kOfxPropType, ""), *name = get_string(in, kOfxPropName, "");
    if (strcmp(get_string(in, kOfxPropChangeReason, ""), kOfxChangeUserEdited) != 0) {
        params_enable_numbers(instance, time);
        return kOfxStatOK;
    }
    if (strcmp(type, kOfxTypeClip) == 0)
        return clip_changed(instance, name);
    if (strcmp(type, kOfxTypeParameter) != 0)
        return kOfxStatReplyDefault;
    if (instance->space_menu && strcmp(name, PARAM_SPACE_MENU) == 0)
        params_choose_space(instance, time);
    for (size_t i = 0; i < instance->node->knobs; i++)
        if (instance->node->knob[i].kind == KNOB_BUTTON && strcmp(name, instance->node->knob[i].param) == 0)
            return press_button(instance, &instance->node->knob[i], in);
    params_enable_numbers(instance, time);
    return kOfxStatOK;
}

static OfxStatus destroy(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    (void)in;
    (void)out;
    instance_free(instance);
    return kOfxStatOK;
}

/* Nothing is kept outside the parameters, nor for a sequence. */
static OfxStatus nothing(struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    (void)instance;
    (void)in;
    (void)out;
    return kOfxStatOK;
}

typedef OfxStatus action_of_instance(
    struct instance *instance, OfxPropertySetHandle in, OfxPropertySetHandle out);

OfxStatus do_action(const struct node *node, const char *action, OfxImageEffectHandle effect,
    OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    if (strcmp(action, kOfxActionPurgeCaches) == 0) {
        pool_empty();
        client_close_idle();
        return kOfxStatOK;
    }
    if (strcmp(action, kOfxActionDescribe) == 0)
        return describe(node, effect);
    if (strcmp(action, kOfxImageEffectActionDescribeInContext) == 0)
        return describe_in_context(node, effect);
    if (strcmp(action, kOfxActionCreateInstance) == 0)
        return instance_create(node, effect);

    static const struct {
        const char *name;
        action_of_instance *run;
    } known[] = {
        {kOfxActionDestroyInstance, destroy},
        {kOfxActionInstanceChanged, changed},
        {kOfxImageEffectActionGetClipPreferences, clip_preferences},
        {kOfxImageEffectActionGetRegionOfDefinition, region_of_definition},
        {kOfxImageEffectActionGetRegionsOfInterest, regions_of_interest},
        {kOfxImageEffectActionGetFramesNeeded, frames_needed},
        {kOfxImageEffectActionIsIdentity, is_identity},
        {kOfxImageEffectActionRender, render},
        {kOfxImageEffectActionBeginSequenceRender, nothing},
        {kOfxImageEffectActionEndSequenceRender, nothing},
        {kOfxActionSyncPrivateData, nothing},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(action, known[i].name) == 0) {
            struct instance *instance = instance_of(effect);
            return instance ? known[i].run(instance, in, out) : kOfxStatErrBadHandle;
        }
    return kOfxStatReplyDefault;
}
