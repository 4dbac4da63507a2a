#include "params_value.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void param_name_automatic(char name[NAME_ROOM], const struct knob *knob)
{
    snprintf(name, NAME_ROOM, "%s_auto", knob->param);
}

void param_name_use(char name[NAME_ROOM], const struct input *input)
{
    snprintf(name, NAME_ROOM, "use_%s", input->key);
}

int param_int(OfxParamHandle param, double time)
{
    int value = 0;
    host.param->paramGetValueAtTime(param, time, &value);
    return value;
}

double param_double(OfxParamHandle param, double time)
{
    double value = 0;
    host.param->paramGetValueAtTime(param, time, &value);
    return value;
}

const char *param_text(OfxParamHandle param, double time)
{
    char *value = NULL;
    host.param->paramGetValueAtTime(param, time, &value);
    return value ? value : "";
}

const struct json *param_choice(const struct knob *knob, OfxParamHandle param, double time)
{
    const struct json *choice = knob->choices->first;
    for (int index = param_int(param, time); index > 0 && choice->next; index--)
        choice = choice->next;
    return choice;
}

int choice_index(const struct knob *knob, const char *word)
{
    int index = 0;
    for (const struct json *choice = knob->choices->first; choice; choice = choice->next, index++)
        if (strcmp(choice->text, word) == 0)
            return index;
    return -1;
}

size_t knob_index(const struct node *node, const char *name)
{
    size_t i = 0;
    while (i < node->knobs && strcmp(node->knob[i].name, name) != 0)
        i++;
    return i;
}

int to_int(double number)
{
    return number <= INT_MIN ? INT_MIN : number >= INT_MAX ? INT_MAX : (int)lround(number);
}
