#include "params.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char STRENGTH[] = "strength"; /* the one knob that all nodes share: 0 is a bypass */
static const char PLAIN_SPACE[] = "scene_linear";
static const char SAME_SPACE[] = "OfxColourspace_Source"; /* of the source itself, this tells nothing */
/* What OpenFX 1.5 calls ofx-native-v1.5_aces-v1.3_ocio-v2.3 is this, with further names for kinds of spaces. */
static const char NATIVE_CONFIG[] = "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3";

enum { NAME_ROOM = 128, HELP_ROOM = 2048 };

static void name_automatic(char name[NAME_ROOM], const struct knob *knob)
{
    snprintf(name, NAME_ROOM, "%s_auto", knob->param);
}

static void name_use(char name[NAME_ROOM], const struct input *input)
{
    snprintf(name, NAME_ROOM, "use_%s", input->key);
}

static bool offers_spaces(void)
{
    const struct json *spaces = nodes_spaces();
    return spaces && spaces->count > 0;
}

/* Defining */

struct page {
    OfxParamSetHandle params;
    OfxPropertySetHandle page;
    int children;
};

static OfxPropertySetHandle define(struct page *page, const char *type, const char *name, const char *label,
    const char *help, const char *group)
{
    OfxPropertySetHandle to = NULL;
    if (host.param->paramDefine(page->params, type, name, &to) != kOfxStatOK || !to)
        return NULL;
    set_string(to, kOfxPropLabel, 0, label);
    set_string(to, kOfxPropShortLabel, 0, label);
    set_string(to, kOfxPropLongLabel, 0, label);
    set_string(to, kOfxParamPropHint, 0, help);
    if (group)
        set_string(to, kOfxParamPropParent, 0, group);
    if (page->page)
        set_string(page->page, kOfxParamPropPageChild, page->children++, name);
    return to;
}

static double first_number(const struct knob *knob)
{
    double number = json_number(knob->initial, knob->slider[0]);
    return fmin(fmax(number, knob->hard[0]), knob->hard[1]);
}

static int whole(double number)
{
    return number <= INT_MIN ? INT_MIN : number >= INT_MAX ? INT_MAX : (int)lround(number);
}

static void set_whole(OfxPropertySetHandle to, const char *name, double value)
{
    set_int(to, name, 0, whole(value));
}

static void set_real(OfxPropertySetHandle to, const char *name, double value)
{
    set_double(to, name, 0, value);
}

static void define_number(struct page *page, const struct knob *knob)
{
    bool is_int = knob->kind == KNOB_INT, start = !json_text(knob->initial, NULL);
    char name[NAME_ROOM], label[NAME_ROOM], help[HELP_ROOM];
    OfxPropertySetHandle to;
    if (knob->automatic) {
        name_automatic(name, knob);
        snprintf(label, sizeof label, "Auto %s", knob->label);
        snprintf(help, sizeof help,
            "Ticked, the node finds this value itself, and the number beside it waits; unticked, the number counts. "
            "%s: %s",
            knob->label, knob->help);
        to = define(page, kOfxParamTypeBoolean, name, label, help, knob->group);
        if (to) {
            set_int(to, kOfxParamPropDefault, 0, !start);
            set_int(to, kOfxParamPropAnimates, 0, 0);
            set_int(to, kOfxParamPropSecret, 0, knob->secret);
        }
    }
    to = define(page, is_int ? kOfxParamTypeInteger : kOfxParamTypeDouble, knob->param, knob->label, knob->help,
        knob->group);
    if (!to)
        return;
    void (*set)(OfxPropertySetHandle, const char *, double) = is_int ? set_whole : set_real;
    set(to, kOfxParamPropDefault, first_number(knob));
    set(to, kOfxParamPropMin, fmax(knob->hard[0], -1e30));
    set(to, kOfxParamPropMax, fmin(knob->hard[1], 1e30));
    set(to, kOfxParamPropDisplayMin, knob->slider[0]);
    set(to, kOfxParamPropDisplayMax, knob->slider[1]);
    set_int(to, kOfxParamPropAnimates, 0, knob->animatable);
    set_int(to, kOfxParamPropSecret, 0, knob->secret);
    set_int(to, kOfxParamPropEnabled, 0, start);
}

static int choice_of(const struct knob *knob, const char *word)
{
    int index = 0;
    for (const struct json *choice = knob->choices->first; choice; choice = choice->next, index++)
        if (strcmp(choice->text, word) == 0)
            return index;
    return -1;
}

static void define_other(struct page *page, const struct knob *knob)
{
    static const char *const types[] = {kOfxParamTypeDouble, kOfxParamTypeInteger, kOfxParamTypeBoolean,
        kOfxParamTypeChoice, kOfxParamTypeString, kOfxParamTypeString, kOfxParamTypeString, kOfxParamTypePushButton};
    OfxPropertySetHandle to = define(page, types[knob->kind], knob->param, knob->label, knob->help, knob->group);
    int index = 0;
    if (!to)
        return;
    set_int(to, kOfxParamPropSecret, 0, knob->secret);
    if (knob->kind == KNOB_BUTTON)
        return;
    set_int(to, kOfxParamPropAnimates, 0, knob->animatable);
    if (knob->kind == KNOB_BOOL) {
        set_int(to, kOfxParamPropDefault, 0, json_true(knob->initial));
    } else if (knob->kind == KNOB_CHOICE) {
        for (const struct json *choice = knob->choices->first; choice; choice = choice->next)
            set_string(to, kOfxParamPropChoiceOption, index++, choice->text);
        index = choice_of(knob, json_text(knob->initial, ""));
        set_int(to, kOfxParamPropDefault, 0, index < 0 ? 0 : index);
    } else {
        set_string(to, kOfxParamPropStringMode, 0,
            knob->kind == KNOB_FILE ? kOfxParamStringIsFilePath : kOfxParamStringIsSingleLine);
        if (knob->kind == KNOB_FILE)
            set_int(to, kOfxParamPropStringFilePathExists, 0, 0);
        set_string(to, kOfxParamPropDefault, 0, json_text(knob->initial, ""));
    }
}

static void define_own(struct page *page, const struct node *node)
{
    char name[NAME_ROOM], label[NAME_ROOM];
    OfxPropertySetHandle to;
    for (size_t i = 0; i < node->inputs; i++)
        if (node->input[i].is_mask) {
            name_use(name, &node->input[i]);
            snprintf(label, sizeof label, "Use %s", node->input[i].label);
            to = define(page, kOfxParamTypeBoolean, name, label,
                "Takes the input into account. Some hosts say of an input that nothing is connected to that it is "
                "connected; this is ticked when something is.",
                NULL);
            if (to) {
                set_int(to, kOfxParamPropDefault, 0, 0);
                set_int(to, kOfxParamPropAnimates, 0, 0);
            }
        }
    to = define(page, kOfxParamTypeString, "input_space", "Input space",
        "The colour space that the host's pixels are in, a name or a role of the OCIO configuration in use: "
        "scene_linear where the host works scene-linear, as Nuke and Natron do; the timeline's in Resolve. A host "
        "that tells its colour space itself is believed as long as this is scene_linear.",
        NULL);
    if (to) {
        set_string(to, kOfxParamPropStringMode, 0, kOfxParamStringIsSingleLine);
        set_string(to, kOfxParamPropDefault, 0, PLAIN_SPACE);
        set_int(to, kOfxParamPropAnimates, 0, 0);
    }
    if (!offers_spaces())
        return;
    to = define(page, kOfxParamTypeChoice, "input_space_menu", "Choose input space",
        "Writes the name of a colour space into Input space.", NULL);
    if (!to)
        return;
    int index = 0;
    set_string(to, kOfxParamPropChoiceOption, index++, "(choose)");
    for (const struct json *space = nodes_spaces()->first; space; space = space->next)
        set_string(to, kOfxParamPropChoiceOption, index++, json_text(space, "?"));
    set_int(to, kOfxParamPropDefault, 0, 0);
    set_int(to, kOfxParamPropAnimates, 0, 0);
    set_int(to, kOfxParamPropPersistant, 0, 0); /* an index means another space under another configuration */
    set_int(to, kOfxParamPropEvaluateOnChange, 0, 0);
}

void params_define(OfxParamSetHandle params, const struct node *node)
{
    struct page page = {params, NULL, 0};
    for (const struct json *group = node->groups ? node->groups->first : NULL; group; group = group->next) {
        const char *name = json_text(json_get(group, "name"), "");
        OfxPropertySetHandle to =
            define(&page, kOfxParamTypeGroup, name, json_text(json_get(group, "label"), name), json_text(json_get(group, "label"), name), NULL);
        if (to)
            set_int(to, kOfxParamPropGroupOpen, 0, json_true(json_get(group, "open")));
    }
    struct page bare = page;
    page.page = define(&bare, kOfxParamTypePage, "page", node->label, node->help, NULL);
    for (size_t i = 0; i < node->knobs; i++)
        if (node->knob[i].kind == KNOB_FLOAT || node->knob[i].kind == KNOB_INT)
            define_number(&page, &node->knob[i]);
        else
            define_other(&page, &node->knob[i]);
    define_own(&page, node);
}

/* Reading */

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
    bool found = find(instance, "input_space", &instance->space);
    if (offers_spaces())
        found = found && find(instance, "input_space_menu", &instance->menu);
    for (size_t i = 0; i < node->knobs; i++) {
        found = found && find(instance, node->knob[i].param, &instance->knob[i]);
        name_automatic(name, &node->knob[i]);
        if (node->knob[i].automatic)
            found = found && find(instance, name, &instance->automatic[i]);
    }
    for (size_t i = 0; i < node->inputs; i++) {
        name_use(name, &node->input[i]);
        if (node->input[i].is_mask)
            found = found && find(instance, name, &instance->use[i]);
    }
    return found;
}

static int get_whole(OfxParamHandle param, double time)
{
    int value = 0;
    host.param->paramGetValueAtTime(param, time, &value);
    return value;
}

static double get_real(OfxParamHandle param, double time)
{
    double value = 0;
    host.param->paramGetValueAtTime(param, time, &value);
    return value;
}

static const char *get_words(OfxParamHandle param, double time)
{
    char *value = NULL;
    host.param->paramGetValueAtTime(param, time, &value);
    return value ? value : "";
}

static const struct json *chosen(const struct knob *knob, OfxParamHandle param, double time)
{
    const struct json *choice = knob->choices->first;
    for (int index = get_whole(param, time); index > 0 && choice->next; index--)
        choice = choice->next;
    return choice;
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
    if (instance->automatic[i] && get_whole(instance->automatic[i], time))
        text_add(text, "\"auto\"");
    else if (knob->kind == KNOB_FLOAT)
        text_number(text, get_real(param, time));
    else if (knob->kind == KNOB_INT)
        text_number(text, get_whole(param, time));
    else if (knob->kind == KNOB_BOOL)
        text_add(text, get_whole(param, time) ? "true" : "false");
    else if (knob->kind == KNOB_CHOICE)
        text_quote(text, chosen(knob, param, time)->text);
    else if (knob->kind == KNOB_FRAMES)
        write_frames(text, get_words(param, time));
    else
        text_quote(text, get_words(param, time));
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

static size_t knob_named(const struct node *node, const char *name)
{
    size_t i = 0;
    while (i < node->knobs && strcmp(node->knob[i].name, name) != 0)
        i++;
    return i;
}

static bool is_value(const struct instance *instance, const char *name, double time, const struct json *value)
{
    size_t i = knob_named(instance->node, name);
    if (i == instance->node->knobs)
        return false;
    const struct knob *knob = &instance->node->knob[i];
    if (knob->kind == KNOB_BOOL)
        return json_true(value) == (get_whole(instance->knob[i], time) != 0);
    if (knob->kind == KNOB_INT)
        return json_number(value, NAN) == get_whole(instance->knob[i], time);
    return knob->kind == KNOB_CHOICE &&
           strcmp(json_text(value, ""), chosen(knob, instance->knob[i], time)->text) == 0;
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
            reach->before = whole(json_number(value, 0));
            reach->after = whole(json_number(value->next, 0));
            reach->enlarges = whole(json_number(value->next->next, 1));
            return true;
        }
    }
    return false;
}

bool params_anchor(const struct instance *instance, double time, int *number)
{
    const struct node *node = instance->node;
    size_t i = node->anchors ? knob_named(node, node->anchors) : node->knobs;
    const char *words = i < node->knobs && node->knob[i].kind == KNOB_FRAMES ? get_words(instance->knob[i], time) : "";
    char *end;
    bool found = false;
    for (double next = strtod(words, &end); end != words; next = strtod(words, &end)) {
        bool past = found && *number <= time;
        if (!found || (next <= time ? !past || next > *number : !past && next < *number))
            *number = whole(next);
        found = true;
        words = end + strspn(end, " \t,");
    }
    return found;
}

bool params_is_bypassed(const struct instance *instance, double time)
{
    size_t i = knob_named(instance->node, STRENGTH);
    return i < instance->node->knobs && instance->node->knob[i].kind == KNOB_FLOAT &&
           get_real(instance->knob[i], time) == 0;
}

bool params_uses(const struct instance *instance, size_t input, double time)
{
    return !instance->use[input] || get_whole(instance->use[input], time);
}

/* OpenFX's own names stand for any space of a kind: here the one of its native configuration, which is OCIO's. */
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
    const char *name = get_words(instance->space, time), *told = "";
    const char *style = get_string(
        instance->properties, kOfxImageEffectPropColourManagementStyle, kOfxImageEffectColourManagementNone);
    bool by_ocio = strcmp(style, kOfxImageEffectColourManagementOCIO) == 0;
    OfxPropertySetHandle clip = NULL;
    *config = by_ocio ? get_string(instance->properties, kOfxImageEffectPropOCIOConfig, NULL) : NULL;
    if (strcmp(name, PLAIN_SPACE) == 0 && strcmp(style, kOfxImageEffectColourManagementNone) != 0 &&
        host.effect->clipGetPropertySet(instance->source, &clip) == kOfxStatOK)
        told = get_string(clip, kOfxImageClipPropColourspace, "");
    if (!*told || strcmp(told, SAME_SPACE) == 0 || strcmp(told, "ofx_scene_linear") == 0)
        return name;
    if (by_ocio)
        return told;
    *config = NATIVE_CONFIG;
    return native_space(told);
}

/* Writing */

static void set_enabled(OfxParamHandle param, bool enabled)
{
    OfxPropertySetHandle properties = NULL;
    if (host.param->paramGetPropertySet(param, &properties) == kOfxStatOK)
        set_int(properties, kOfxParamPropEnabled, 0, enabled);
}

void params_show_automatic(const struct instance *instance, double time)
{
    for (size_t i = 0; i < instance->node->knobs; i++)
        if (instance->automatic[i])
            set_enabled(instance->knob[i], !get_whole(instance->automatic[i], time));
}

static void set_value(const struct instance *instance, size_t i, const struct json *value)
{
    const struct knob *knob = &instance->node->knob[i];
    OfxParamHandle param = instance->knob[i];
    const char *words = json_text(value, NULL);
    bool is_auto = words && strcmp(words, "auto") == 0;
    if (instance->automatic[i]) {
        host.param->paramSetValue(instance->automatic[i], (int)is_auto);
        set_enabled(param, !is_auto);
    }
    if (knob->animatable && host.param->paramDeleteAllKeys)
        host.param->paramDeleteAllKeys(param); /* the value is to hold at every frame */
    if (knob->kind == KNOB_FLOAT && value->kind == JSON_NUMBER)
        host.param->paramSetValue(param, value->number);
    else if (knob->kind == KNOB_INT && value->kind == JSON_NUMBER)
        host.param->paramSetValue(param, whole(value->number));
    else if (knob->kind == KNOB_BOOL)
        host.param->paramSetValue(param, (int)json_true(value));
    else if (knob->kind == KNOB_CHOICE && words && choice_of(knob, words) >= 0)
        host.param->paramSetValue(param, choice_of(knob, words));
    else if (words && (knob->kind == KNOB_FILE || knob->kind == KNOB_FRAMES || knob->kind == KNOB_TEXT))
        host.param->paramSetValue(param, words);
}

void params_set(const struct instance *instance, const struct json *values)
{
    for (const struct json *value = values ? values->first : NULL; value; value = value->next) {
        size_t i = value->name ? knob_named(instance->node, value->name) : instance->node->knobs;
        if (i < instance->node->knobs)
            set_value(instance, i, value);
    }
}

void params_choose_space(const struct instance *instance, double time)
{
    const struct json *space = nodes_spaces()->first;
    int index = get_whole(instance->menu, time);
    if (index == 0)
        return;
    while (--index > 0 && space)
        space = space->next;
    if (space)
        host.param->paramSetValue(instance->space, json_text(space, ""));
    host.param->paramSetValue(instance->menu, 0);
}
