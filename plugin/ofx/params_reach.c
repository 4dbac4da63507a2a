#include "params_reach.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "params_value.h"

static bool is_value(const struct instance *instance, const char *name, double time, const struct json *value)
{
    size_t i = knob_index(instance->node, name);
    if (i == instance->node->knobs)
        return false;
    const struct knob *knob = &instance->node->knob[i];
    OfxParamHandle param = instance->knob[i];
    if (knob->kind == KNOB_BOOL)
        return json_true(value) == (param ? param_int(param, time) != 0 : json_true(knob->initial));
    if (knob->kind == KNOB_INT)
        return json_number(value, NAN) == (param ? param_int(param, time) : json_number(knob->initial, NAN));
    const char *chosen = param ? param_choice(knob, param, time)->text : json_text(knob->initial, "");
    return knob->kind == KNOB_CHOICE && strcmp(json_text(value, ""), chosen) == 0;
}

bool params_reach(const struct instance *instance, double time, struct reach *reach)
{
    const struct json *knobs = json_get(instance->node->reach, "knobs");
    for (const struct json *row = json_get(instance->node->reach, "rows")->first; row; row = row->next) {
        const struct json *value = row->first;
        bool fits = true;
        for (const struct json *knob = knobs->first; knob; knob = knob->next, value = value->next)
            fits = fits && is_value(instance, json_text(knob, ""), time, value);
        if (fits) {
            reach->before = host.temporal ? to_int(json_number(value, 0)) : 0;
            reach->after = host.temporal ? to_int(json_number(value->next, 0)) : 0;
            reach->enlarges = to_int(json_number(value->next->next, 1));
            return true;
        }
    }
    return false;
}

int reach_margin(const struct reach *reach)
{
    return reach->before || reach->after ? CUT_FRAMES : 0;
}

bool params_anchor(const struct instance *instance, double time, int *number)
{
    const struct node *node = instance->node;
    size_t i = node->anchors && host.temporal ? knob_index(node, node->anchors) : node->knobs;
    const char *words = i < node->knobs && node->knob[i].kind == KNOB_FRAMES && instance->knob[i]
                            ? param_text(instance->knob[i], time)
                            : "";
    char *end;
    bool found = false;
    for (double next = strtod(words, &end); end != words; next = strtod(words, &end)) {
        bool past = found && *number <= time;
        if (!found || (next <= time ? !past || next > *number : !past && next < *number))
            *number = to_int(next);
        found = true;
        words = end + strspn(end, " \t,");
    }
    return found;
}
