#include "nodes.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform_locks.h"
#include "platform_paths.h"

enum { LONGEST_FILE = 4 << 20 };

static bool was_read;
static struct node *nodes;
static size_t count;
static const struct json *file, *spaces;

static bool read_pair(const struct json *pair, double values[2])
{
    if (!pair || pair->kind != JSON_ARRAY || pair->count != 2)
        return false;
    values[0] = json_number(pair->first, values[0]);
    values[1] = json_number(pair->first->next, values[1]);
    return values[0] <= values[1];
}

static bool read_kind(const char *word, enum knob_kind *kind)
{
    static const char *const words[] = {"float", "int", "bool", "choice", "file", "frames", "text", "button"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *kind = (enum knob_kind)i;
            return true;
        }
    return false;
}

static bool read_knob(const struct json *from, struct knob *knob)
{
    knob->name = json_text(json_get(from, "name"), NULL);
    knob->label = json_text(json_get(from, "label"), knob->name);
    knob->help = json_text(json_get(from, "help"), "");
    knob->group = json_text(json_get(from, "group"), NULL);
    knob->initial = json_get(from, "default");
    knob->choices = json_get(from, "choices");
    knob->automatic = json_true(json_get(from, "auto"));
    knob->animatable = json_true(json_get(from, "animatable"));
    knob->secret = json_true(json_get(from, "secret"));
    knob->whole_shot = json_true(json_get(from, "whole_shot"));
    if (!knob->name || strlen(knob->name) >= sizeof knob->param ||
        !read_kind(json_text(json_get(from, "kind"), ""), &knob->kind))
        return false;
    for (size_t i = 0; knob->name[i]; i++)
        knob->param[i] = knob->name[i] == '-' ? '_' : knob->name[i];
    if (knob->kind == KNOB_CHOICE) {
        for (const struct json *choice = knob->choices ? knob->choices->first : NULL; choice;
            choice = choice->next)
            if (choice->kind != JSON_STRING)
                return false;
        return knob->choices && knob->choices->count > 0;
    }
    if (knob->kind != KNOB_FLOAT && knob->kind != KNOB_INT)
        return !knob->automatic;
    knob->hard[0] = -INFINITY;
    knob->hard[1] = INFINITY;
    return read_pair(json_get(from, "hard"), knob->hard) && read_pair(json_get(from, "slider"), knob->slider);
}

static bool read_input(const struct json *from, struct input *input)
{
    input->name = json_text(json_get(from, "name"), "");
    input->label = json_text(json_get(from, "label"), input->name);
    input->help = json_text(json_get(from, "help"), "");
    input->optional = json_true(json_get(from, "optional"));
    input->is_mask = strcmp(input->name, "Mask") == 0;
    size_t length = strlen(input->name);
    if (length == 0 || length >= sizeof input->key)
        return false;
    for (size_t i = 0; i < length; i++)
        input->key[i] = (char)tolower((unsigned char)input->name[i]);
    return true;
}

static bool read_reach(const struct json *reach)
{
    const struct json *knobs = json_get(reach, "knobs"), *rows = json_get(reach, "rows");
    if (!knobs || knobs->kind != JSON_ARRAY || !rows || rows->kind != JSON_ARRAY)
        return false;
    for (const struct json *row = rows->first; row; row = row->next)
        if (row->kind != JSON_ARRAY || row->count != knobs->count + 3)
            return false;
    return rows->count > 0;
}

static bool read_node(const struct json *from, struct node *node)
{
    const struct json *knobs = json_get(from, "knobs"), *inputs = json_get(from, "inputs");
    double version[2] = {1, 0};
    node->name = json_text(json_get(from, "name"), NULL);
    node->identifier = json_text(json_get(from, "identifier"), NULL);
    node->label = json_text(json_get(from, "label"), node->name);
    node->group = json_text(json_get(from, "group"), "Interneg");
    node->help = json_text(json_get(from, "help"), "");
    node->temporal = json_true(json_get(from, "temporal"));
    node->groups = json_get(from, "groups");
    node->reach = json_get(from, "reach");
    node->anchors = json_text(json_get(from, "anchors"), NULL);
    const struct json *numbers = json_get(from, "version");
    if (numbers && numbers->count == 2) {
        version[0] = json_number(numbers->first, 1);
        version[1] = json_number(numbers->first->next, 0);
    }
    node->version[0] = (unsigned int)fmin(fmax(version[0], 0), 1e6);
    node->version[1] = (unsigned int)fmin(fmax(version[1], 0), 1e6);
    if (!node->name || !node->identifier || !read_reach(node->reach) || !knobs || knobs->count > MOST_KNOBS ||
        (inputs && inputs->count > MOST_INPUTS))
        return false;
    for (const struct json *knob = knobs->first; knob; knob = knob->next)
        if (!read_knob(knob, &node->knob[node->knobs++]))
            return false;
    for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next)
        if (!read_input(input, &node->input[node->inputs++]))
            return false;
    return true;
}

static const struct json *read_resource(const char *name)
{
    size_t length;
    char *bytes = platform_resource(name, LONGEST_FILE, &length);
    const struct json *read = bytes ? json_read(bytes, length) : NULL;
    free(bytes);
    return read;
}

static void read_nodes(void)
{
    file = read_resource("nodes.json");
    const struct json *all = json_get(file, "nodes");
    if (json_number(json_get(file, "version"), 0) != 1 || !all || all->kind != JSON_ARRAY) {
        fprintf(stderr,
            "Interneg: Contents/Resources/nodes.json is missing or not of version 1: install it anew\n");
        return;
    }
    if (all->count > MOST_NODES) {
        fprintf(stderr, "Interneg: nodes.json tells of %zu nodes, at most %d are loaded\n", all->count,
            MOST_NODES);
        return;
    }
    nodes = calloc(all->count + 1, sizeof *nodes);
    for (const struct json *node = nodes ? all->first : NULL; node; node = node->next)
        if (read_node(node, &nodes[count])) {
            count++;
        } else {
            fprintf(stderr, "Interneg: nodes.json does not describe node '%s' as it must; it is left out\n",
                json_text(json_get(node, "name"), "?"));
            memset(&nodes[count], 0, sizeof *nodes);
        }
    spaces = read_resource("spaces.json");
}

size_t nodes_count(void)
{
    platform_lock(LOCK_NODES);
    if (!was_read)
        read_nodes();
    was_read = true;
    platform_unlock(LOCK_NODES);
    return count;
}

const struct node *nodes_get(size_t index)
{
    return index < nodes_count() ? &nodes[index] : NULL;
}

const struct json *nodes_spaces(void)
{
    return json_get(spaces, "spaces");
}

const char *nodes_spaces_config(void)
{
    return json_text(json_get(spaces, "config"), "");
}

void nodes_free(void)
{
    free(nodes);
    json_free(file);
    json_free(spaces);
    nodes = NULL;
    file = spaces = NULL;
    count = 0;
}
