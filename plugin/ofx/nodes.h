/* The nodes, as Resources/nodes.json tells of them. The shell knows none by name. */
#ifndef INTERNEG_NODES_H
#define INTERNEG_NODES_H

#include "json.h"

enum { MOST_NODES = 16, MOST_KNOBS = 128, MOST_INPUTS = 4 };

enum knob_kind { KNOB_FLOAT, KNOB_INT, KNOB_BOOL, KNOB_CHOICE, KNOB_FILE, KNOB_FRAMES, KNOB_TEXT, KNOB_BUTTON };

struct knob {
    enum knob_kind kind;
    const char *name, *label, *help, *group;
    char param[64]; /* the name as hosts take it: they do not like a hyphen */
    const struct json *initial, *choices;
    double hard[2], slider[2]; /* the hard limits infinite where there are none */
    bool automatic, animatable, secret;
};

struct input {
    const char *name, *label, *help;
    char key[32]; /* the name in small letters: the field of a request */
    bool is_mask, optional;
};

struct node {
    const char *name, *identifier, *label, *group, *help;
    unsigned int version[2];
    bool temporal;
    size_t knobs, inputs;
    struct knob knob[MOST_KNOBS];
    struct input input[MOST_INPUTS];
    const struct json *groups, *reach;
    const char *anchors; /* the knob that names further frames to look at, NULL where there is none */
};

/* How many nodes there are, read once; 0, and a line on standard error, where the file is not as it must be. */
size_t nodes_count(void);
const struct node *nodes_get(size_t index);
/* Names of colour spaces to offer, from Resources/spaces.json: an array, or NULL. */
const struct json *nodes_spaces(void);
void nodes_forget(void);

#endif
