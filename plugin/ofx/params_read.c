#include "params_read.h"

#include <string.h>

#include "params_space.h"
#include "params_value.h"

static const char STRENGTH[] = "strength"; /* the one knob that all nodes share: 0 is a bypass */

static bool find(struct instance *instance, const char *name, OfxParamHandle *param)
{
    return host.param->paramGetHandle(instance->params, name, param, NULL) == kOfxStatOK && *param;
}

bool params_find(struct instance *instance)
{
    const struct node *node = instance->node;
    char name[NAME_ROOM];
    if (host.effect->getParamSet(instance->effect, &instance->params) != kOfxStatOK)
        return false;
    bool found = find(instance, PARAM_SPACE, &instance->space);
    if (params_offers_spaces())
        found = found && find(instance, PARAM_SPACE_MENU, &instance->space_menu);
    for (size_t i = 0; i < node->knobs; i++) {
        found = found && find(instance, node->knob[i].param, &instance->knob[i]);
        param_name_automatic(name, &node->knob[i]);
        if (node->knob[i].automatic)
            found = found && find(instance, name, &instance->automatic[i]);
    }
    for (size_t i = 0; i < node->inputs; i++) {
        param_name_use(name, &node->input[i]);
        if (node->input[i].is_mask)
            found = found && find(instance, name, &instance->use[i]);
    }
    return found;
}

static void write_frames(struct text *text, const char *words)
{
    if (words[strspn(words, " \t")])
        text_quote(text, words);
    else
        text_add(text, "[]");
}

static void write_value(const struct instance *instance, size_t i, double time, struct text *text)
{
    const struct knob *knob = &instance->node->knob[i];
    OfxParamHandle param = instance->knob[i];
    if (instance->automatic[i] && param_int(instance->automatic[i], time))
        text_add(text, "\"auto\"");
    else if (knob->kind == KNOB_FLOAT)
        text_number(text, param_double(param, time));
    else if (knob->kind == KNOB_INT)
        text_number(text, param_int(param, time));
    else if (knob->kind == KNOB_BOOL)
        text_add(text, param_int(param, time) ? "true" : "false");
    else if (knob->kind == KNOB_CHOICE)
        text_quote(text, param_choice(knob, param, time)->text);
    else if (knob->kind == KNOB_FRAMES)
        write_frames(text, param_text(param, time));
    else
        text_quote(text, param_text(param, time));
}

void params_write(const struct instance *instance, double time, struct text *text)
{
    const char *between = "{";
    for (size_t i = 0; i < instance->node->knobs; i++)
        if (instance->node->knob[i].kind != KNOB_BUTTON) {
            text_add(text, between);
            text_quote(text, instance->node->knob[i].name);
            text_add(text, ": ");
            write_value(instance, i, time, text);
            between = ", ";
        }
    text_add(text, *between == '{' ? "{}" : "}");
}

bool params_is_bypassed(const struct instance *instance, double time)
{
    size_t i = knob_index(instance->node, STRENGTH);
    return i < instance->node->knobs && instance->node->knob[i].kind == KNOB_FLOAT &&
           param_double(instance->knob[i], time) == 0;
}

bool params_uses(const struct instance *instance, size_t input, double time)
{
    return !instance->use[input] || param_int(instance->use[input], time);
}
