#include "params_read.h"

#include <stdio.h>
#include <string.h>

#include "params_space.h"
#include "params_value.h"

static const char STRENGTH[] = "strength"; /* the one knob that all nodes share: 0 is a bypass */

static OfxParamHandle find(struct instance *instance, const char *name)
{
    OfxParamHandle param = NULL;
    return host.param->paramGetHandle(instance->params, name, &param, NULL) == kOfxStatOK ? param : NULL;
}

bool params_find(struct instance *instance)
{
    const struct node *node = instance->node;
    char name[NAME_ROOM];
    if (host.effect->getParamSet(instance->effect, &instance->params) != kOfxStatOK)
        return false;
    instance->space = find(instance, PARAM_SPACE);
    if (instance->space && params_offers_spaces())
        instance->space_menu = find(instance, PARAM_SPACE_MENU);
    for (size_t i = 0; i < node->knobs; i++) {
        param_name_automatic(name, &node->knob[i]);
        instance->knob[i] = find(instance, node->knob[i].param);
        instance->automatic[i] = node->knob[i].automatic ? find(instance, name) : NULL;
        if (node->knob[i].automatic && !instance->automatic[i])
            instance->knob[i] = NULL; /* nothing tells whether its number counts */
    }
    for (size_t i = 0; i < node->inputs; i++) {
        param_name_use(name, &node->input[i]);
        if (node->input[i].is_mask)
            instance->use[i] = find(instance, name);
    }
    return true;
}

static bool check_choice(const struct knob *knob, int index, char *error)
{
    if (index >= 0 && (size_t)index < knob->choices->count)
        return true;
    int length = snprintf(error, ERROR_ROOM, "%s is set to choice %d: expected 0 to %zu, which stand for",
        knob->label, index, knob->choices->count - 1);
    for (const struct json *choice = knob->choices->first; choice && length < ERROR_ROOM - 1;
        choice = choice->next)
        length += snprintf(error + length, (size_t)(ERROR_ROOM - length), "%s %s",
            choice == knob->choices->first ? "" : ",", choice->text);
    return false;
}

static bool check_number(const struct knob *knob, double number, char *error)
{
    if (number >= knob->hard[0] && number <= knob->hard[1])
        return true;
    snprintf(error, ERROR_ROOM, "%s is set to %g: expected %g to %g", knob->label, number, knob->hard[0],
        knob->hard[1]);
    return false;
}

bool params_check(const struct instance *instance, double time, char error[ERROR_ROOM])
{
    bool good = true;
    for (size_t i = 0; i < instance->node->knobs && good; i++) {
        const struct knob *knob = &instance->node->knob[i];
        OfxParamHandle param = instance->knob[i];
        if (!param || (instance->automatic[i] && param_int(instance->automatic[i], time)))
            continue;
        if (knob->kind == KNOB_CHOICE)
            good = check_choice(knob, param_int(param, time), error);
        else if (knob->kind == KNOB_INT)
            good = check_number(knob, param_int(param, time), error);
        else if (knob->kind == KNOB_FLOAT)
            good = check_number(knob, param_double(param, time), error);
    }
    return good;
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
        if (instance->knob[i] && instance->node->knob[i].kind != KNOB_BUTTON) {
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
    return i < instance->node->knobs && instance->node->knob[i].kind == KNOB_FLOAT && instance->knob[i] &&
           param_double(instance->knob[i], time) == 0;
}

bool params_uses(const struct instance *instance, size_t input, double time)
{
    return !instance->use[input] || param_int(instance->use[input], time);
}
