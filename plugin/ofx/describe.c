#include "describe.h"

#include <stdio.h>
#include <string.h>

#include "host.h"
#include "params_define.h"

/* A host that offers half floats is given them. */
static void offer_depths(OfxPropertySetHandle to)
{
    int index = 0;
    set_string(to, kOfxImageEffectPropSupportedPixelDepths, index++, kOfxBitDepthFloat);
    if (has_string(host.properties, kOfxImageEffectPropSupportedPixelDepths, kOfxBitDepthHalf))
        set_string(to, kOfxImageEffectPropSupportedPixelDepths, index++, kOfxBitDepthHalf);
    set_string(to, kOfxImageEffectPropSupportedPixelDepths, index++, kOfxBitDepthShort);
    set_string(to, kOfxImageEffectPropSupportedPixelDepths, index++, kOfxBitDepthByte);
}

static void set_labels(OfxPropertySetHandle to, const char *label)
{
    set_string(to, kOfxPropLabel, 0, label);
    set_string(to, kOfxPropShortLabel, 0, label);
    set_string(to, kOfxPropLongLabel, 0, label);
}

OfxStatus describe(const struct node *node, OfxImageEffectHandle effect)
{
    OfxPropertySetHandle to = NULL;
    char version[32];
    if (host.effect->getPropertySet(effect, &to) != kOfxStatOK)
        return kOfxStatErrBadHandle;
    set_labels(to, node->label);
    snprintf(version, sizeof version, "%u.%u", node->version[0], node->version[1]);
    set_string(to, kOfxPropVersionLabel, 0, version);
    set_string(to, kOfxPropPluginDescription, 0, node->help);
    set_string(to, kOfxImageEffectPluginPropGrouping, 0, node->group);
    set_string(to, kOfxImageEffectPropSupportedContexts, 0, kOfxImageEffectContextFilter);
    set_string(to, kOfxImageEffectPropSupportedContexts, 1, kOfxImageEffectContextGeneral);
    offer_depths(to);
    set_string(to, kOfxImageEffectPluginRenderThreadSafety, 0, kOfxImageEffectRenderFullySafe);
    set_int(to, kOfxImageEffectPluginPropSingleInstance, 0, 0);
    set_int(to, kOfxImageEffectPluginPropHostFrameThreading, 0, 0);
    set_int(to, kOfxImageEffectPropSupportsMultiResolution, 0, 1);
    set_int(to, kOfxImageEffectPropSupportsMultipleClipDepths, 0, 0);
    set_int(to, kOfxImageEffectPropSupportsMultipleClipPARs, 0, 0);
    set_int(to, kOfxImageEffectPropSupportsTiles, 0,
        0); /* the worker renders whole frames: tiles would repeat it */
    set_int(to, kOfxImageEffectPropTemporalClipAccess, 0, node->temporal);
    if (*get_string(host.properties, kOfxImageEffectPropColourManagementStyle, "")) {
        set_string(to, kOfxImageEffectPropColourManagementStyle, 0, kOfxImageEffectColourManagementOCIO);
        set_string(to, kOfxImageEffectPropColourManagementAvailableConfigs, 0,
            "ofx-native-v1.5_aces-v1.3_ocio-v2.3");
    }
    return kOfxStatOK;
}

static OfxPropertySetHandle define_clip(OfxImageEffectHandle effect, const char *clip, const char *label)
{
    static const char *const components[] = {
        kOfxImageComponentRGBA, kOfxImageComponentRGB, kOfxImageComponentAlpha};
    OfxPropertySetHandle to = NULL;
    if (host.effect->clipDefine(effect, clip, &to) != kOfxStatOK || !to)
        return NULL;
    set_labels(to, label);
    for (int i = 0; i < 3; i++)
        set_string(to, kOfxImageEffectPropSupportedComponents, i, components[i]);
    set_int(to, kOfxImageEffectPropSupportsTiles, 0, 0);
    return to;
}

OfxStatus describe_in_context(const struct node *node, OfxImageEffectHandle effect)
{
    OfxParamSetHandle params = NULL;
    OfxPropertySetHandle source =
        define_clip(effect, kOfxImageEffectSimpleSourceClipName, kOfxImageEffectSimpleSourceClipName);
    if (!source || host.effect->getParamSet(effect, &params) != kOfxStatOK)
        return kOfxStatFailed;
    set_int(source, kOfxImageEffectPropTemporalClipAccess, 0, node->temporal);
    for (size_t i = 0; i < node->inputs; i++) {
        OfxPropertySetHandle clip = define_clip(effect, node->input[i].name, node->input[i].label);
        if (!clip)
            return kOfxStatFailed;
        set_int(clip, kOfxImageClipPropOptional, 0, node->input[i].optional);
        if (strcmp(node->input[i].key, "reference") == 0)
            set_int(clip, kOfxImageEffectPropTemporalClipAccess, 0, node->temporal);
        set_int(clip, kOfxImageClipPropIsMask, 0, node->input[i].is_mask);
        if (node->input[i].is_mask) { /* its alpha is what counts: asked for first */
            set_string(clip, kOfxImageEffectPropSupportedComponents, 0, kOfxImageComponentAlpha);
            set_string(clip, kOfxImageEffectPropSupportedComponents, 2, kOfxImageComponentRGBA);
        }
    }
    if (!define_clip(effect, kOfxImageEffectOutputClipName, kOfxImageEffectOutputClipName))
        return kOfxStatFailed;
    params_define(params, node);
    return kOfxStatOK;
}
