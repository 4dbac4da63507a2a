/* One parameter of the host: its name, and its value at a time. */
#ifndef INTERNEG_PARAMS_VALUE_H
#define INTERNEG_PARAMS_VALUE_H

#include "host.h"
#include "nodes.h"
#include "sizes.h"

/* The names of the parameters that are not knobs. */
#define PARAM_SPACE "input_space"
#define PARAM_SPACE_MENU "input_space_menu"

/* Write the name of a knob's tick "Auto" into `name`. */
void param_name_automatic(char name[NAME_ROOM], const struct knob *knob);

/* Write the name of an input's tick "Use" into `name`. */
void param_name_use(char name[NAME_ROOM], const struct input *input);

/* The value of a parameter of that type at a time; 0 or "" where the host does not give it. The text is the
 * host's, and lasts until its next call. */
int param_int(OfxParamHandle param, double time);
double param_double(OfxParamHandle param, double time);
const char *param_text(OfxParamHandle param, double time);

/* The choice of a knob of choices at a time: a JSON string of nodes.json. */
const struct json *param_choice(const struct knob *knob, OfxParamHandle param, double time);

/* The place of a choice among a knob's, counted from 0; -1 where there is no such choice. */
int choice_index(const struct knob *knob, const char *word);

/* The place of the knob of that name among a node's; node->knobs where there is none. */
size_t knob_index(const struct node *node, const char *name);

/* The nearest whole number, held within those of an int. */
int to_int(double number);

#endif
