/* The nodes, as the bundle's Resources/nodes.json tells of them. No node is known to the plugin by name. */
#ifndef INTERNEG_NODES_H
#define INTERNEG_NODES_H

#include "json.h"

enum { MOST_NODES = 16, MOST_KNOBS = 128, MOST_INPUTS = 4 };

enum knob_kind {
    KNOB_FLOAT,
    KNOB_INT,
    KNOB_BOOL,
    KNOB_CHOICE,
    KNOB_FILE,
    KNOB_FRAMES,
    KNOB_TEXT,
    KNOB_BUTTON
};

/* All texts and values are of nodes.json, and live until nodes_free. */
struct knob {
    enum knob_kind kind;
    const char *name, *label, *help;
    const char *group; /* the parameter that stands for its group; NULL where it is in none */
    char param[64];    /* the name with _ in place of -, which some hosts do not take */
    const struct json *initial, *choices;
    double hard[2];   /* lowest and highest value; infinite where there is no limit */
    double slider[2]; /* the range of its slider */
    bool automatic, animatable, secret;
    bool whole_shot; /* a button that looks at every frame */
};

struct input {
    const char *name, *label, *help;
    char key[32]; /* the name in small letters: the field of a request */
    bool is_mask, optional;
};

struct node {
    const char *name, *identifier, *label, *group, *help;
    unsigned int version[2]; /* major and minor */
    bool temporal;           /* it looks at other frames too */
    size_t knobs, inputs;    /* how many there are of these: */
    struct knob knob[MOST_KNOBS];
    struct input input[MOST_INPUTS]; /* beside the source */
    const struct json *groups, *reach;
    const char *anchors; /* the knob that lists further frames to look at; NULL where there is none */
};

/* How many nodes there are; the file is read by the first call. A node that is not described as it must be is
 * left out, and all where the file is missing or of another version: standard error says so. */
size_t nodes_count(void);

/* A node; NULL where there is none of that index. It lives until nodes_free. */
const struct node *nodes_get(size_t index);

/* Names of colour spaces to offer, from Resources/spaces.json: an array of strings, which lives until
 * nodes_free; NULL where there is no such file. */
const struct json *nodes_spaces(void);

/* The OCIO configuration that they are of, a path or an ocio:// name; "" for the one that is in force where
 * none is named. It lives as long. */
const char *nodes_spaces_config(void);

/* Free all that was read, when the plugin is unloaded. */
void nodes_free(void);

#endif
