#include "params_space.h"

#include <string.h>

#include "params_value.h"
#include "space_names.h"

const char DEFAULT_SPACE[] = "scene_linear";

static const char SOURCE_SPACE[] = "OfxColourspace_Source"; /* of the source itself, this tells nothing */
/* What OpenFX 1.5 calls ofx-native-v1.5_aces-v1.3_ocio-v2.3, which has further names for kinds of spaces. */
static const char NATIVE_CONFIG[] = "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3";

bool params_offers_spaces(void)
{
    const struct json *spaces = nodes_spaces();
    return spaces && spaces->kind == JSON_ARRAY;
}

/* OpenFX's own names stand for any space of a kind: here the one of its native configuration, which is
 * OCIO's. */
static const char *native_space(const char *told)
{
    static const char *const spaces[][2] = {
        {"ofx_raw", "Raw"},
        {"ofx_scene_log", "ACEScct"},
        {"ofx_display_sdr", "Rec.1886 Rec.709 - Display"},
        {"ofx_display_hdr", "Rec.2100-PQ - Display"},
    };
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (strcmp(told, spaces[i][0]) == 0)
            return spaces[i][1];
    return told;
}

const char *params_space(const struct instance *instance, double time, const char **config)
{
    const char *name = instance->space ? param_text(instance->space, time) : "", *told = "";
    const char *style = get_string(
        instance->properties, kOfxImageEffectPropColourManagementStyle, kOfxImageEffectColourManagementNone);
    bool by_ocio = strcmp(style, kOfxImageEffectColourManagementOCIO) == 0;
    OfxPropertySetHandle clip = NULL;
    if (!name[strspn(name, " \t")])
        name = DEFAULT_SPACE;
    *config = by_ocio ? get_string(instance->properties, kOfxImageEffectPropOCIOConfig, NULL) : NULL;
    if (strcmp(name, DEFAULT_SPACE) == 0 && strcmp(style, kOfxImageEffectColourManagementNone) != 0 &&
        host.effect->clipGetPropertySet(instance->source, &clip) == kOfxStatOK)
        told = get_string(clip, kOfxImageClipPropColourspace, "");
    if (!*told || strcmp(told, SOURCE_SPACE) == 0 || strcmp(told, "ofx_scene_linear") == 0)
        return name;
    if (by_ocio)
        return told;
    *config = NATIVE_CONFIG;
    return native_space(told);
}

void params_offer_spaces(OfxPropertySetHandle menu, const struct json *names)
{
    int index = 0;
    set_string(menu, kOfxParamPropChoiceOption, index++, "(choose)");
    for (const struct json *name = names ? names->first : NULL; name; name = name->next)
        set_string(menu, kOfxParamPropChoiceOption, index++, json_text(name, "?"));
}

void params_refresh_spaces(const struct instance *instance)
{
    char room[PATH_ROOM];
    const char *config = NULL;
    OfxPropertySetHandle menu = NULL;
    params_space(instance, 0, &config);
    config = config ? config : space_config(room);
    if (space_names(config, false) ||
        host.param->paramGetPropertySet(instance->space_menu, &menu) != kOfxStatOK)
        return; /* they are there since the menu was described, or there is no way to them */
    const struct json *names = space_names(config, true);
    if (names && host.property->propReset(menu, kOfxParamPropChoiceOption) == kOfxStatOK)
        params_offer_spaces(menu, names);
}

void params_choose_space(const struct instance *instance, double time)
{
    int index = param_int(instance->space_menu, time);
    OfxPropertySetHandle menu = NULL;
    char *name = NULL;
    if (index == 0 || host.param->paramGetPropertySet(instance->space_menu, &menu) != kOfxStatOK)
        return;
    if (host.property->propGetString(menu, kOfxParamPropChoiceOption, index, &name) == kOfxStatOK && name)
        host.param->paramSetValue(instance->space, name);
    host.param->paramSetValue(instance->space_menu, 0);
}
