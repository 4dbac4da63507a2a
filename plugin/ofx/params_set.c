#include "params_set.h"

#include <string.h>

#include "params_value.h"

static void set_enabled(OfxParamHandle param, bool enabled)
{
    OfxPropertySetHandle properties = NULL;
    if (param && host.param->paramGetPropertySet(param, &properties) == kOfxStatOK)
        set_int(properties, kOfxParamPropEnabled, 0, enabled);
}

void params_enable_numbers(const struct instance *instance, double time)
{
    for (size_t i = 0; i < instance->node->knobs; i++)
        if (instance->automatic[i])
            set_enabled(instance->knob[i], !param_int(instance->automatic[i], time));
}

static void set_value(const struct instance *instance, size_t i, const struct json *value)
{
    const struct knob *knob = &instance->node->knob[i];
    OfxParamHandle param = instance->knob[i];
    const char *words = json_text(value, NULL);
    bool is_auto = words && strcmp(words, "auto") == 0;
    if (!param)
        return;
    if (instance->automatic[i]) {
        host.param->paramSetValue(instance->automatic[i], (int)is_auto);
        set_enabled(param, !is_auto);
    }
    if (knob->animatable && host.param->paramDeleteAllKeys)
        host.param->paramDeleteAllKeys(param); /* the value is to hold at every frame */
    if (knob->kind == KNOB_FLOAT && value->kind == JSON_NUMBER)
        host.param->paramSetValue(param, value->number);
    else if (knob->kind == KNOB_INT && value->kind == JSON_NUMBER)
        host.param->paramSetValue(param, to_int(value->number));
    else if (knob->kind == KNOB_BOOL)
        host.param->paramSetValue(param, (int)json_true(value));
    else if (knob->kind == KNOB_CHOICE && words && choice_index(knob, words) >= 0)
        host.param->paramSetValue(param, choice_index(knob, words));
    else if (words && (knob->kind == KNOB_FILE || knob->kind == KNOB_FRAMES || knob->kind == KNOB_TEXT))
        host.param->paramSetValue(param, words);
}

void params_set(const struct instance *instance, const struct json *values)
{
    for (const struct json *value = values ? values->first : NULL; value; value = value->next) {
        size_t i = value->name ? knob_index(instance->node, value->name) : instance->node->knobs;
        if (i < instance->node->knobs)
            set_value(instance, i, value);
    }
}
