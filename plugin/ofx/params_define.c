#include "params_define.h"

#include <math.h>
#include <stdio.h>

#include "params_space.h"
#include "params_value.h"
#include "space_names.h"

enum { HELP_ROOM = 2048 };

/* The page of parameters that is being defined. */
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

static void set_as_int(OfxPropertySetHandle to, const char *name, double value)
{
    set_int(to, name, 0, to_int(value));
}

static void set_as_double(OfxPropertySetHandle to, const char *name, double value)
{
    set_double(to, name, 0, value);
}

static void define_tick(struct page *page, const char *name, const char *label, const char *help,
    const struct knob *knob, bool ticked)
{
    OfxPropertySetHandle to =
        define(page, kOfxParamTypeBoolean, name, label, help, knob ? knob->group : NULL);
    if (!to)
        return;
    set_int(to, kOfxParamPropDefault, 0, ticked);
    set_int(to, kOfxParamPropAnimates, 0, 0);
    if (knob)
        set_int(to, kOfxParamPropSecret, 0, knob->secret);
}

static void define_number(struct page *page, const struct knob *knob)
{
    bool is_int = knob->kind == KNOB_INT, start = !json_text(knob->initial, NULL);
    char name[NAME_ROOM], label[NAME_ROOM], help[HELP_ROOM];
    if (knob->automatic) {
        param_name_automatic(name, knob);
        snprintf(label, sizeof label, "Auto %s", knob->label);
        snprintf(help, sizeof help,
            "Ticked, the node finds this value itself, and the number beside it waits; unticked, the number "
            "counts. "
            "%s: %s",
            knob->label, knob->help);
        define_tick(page, name, label, help, knob, !start);
    }
    OfxPropertySetHandle to = define(page, is_int ? kOfxParamTypeInteger : kOfxParamTypeDouble, knob->param,
        knob->label, knob->help, knob->group);
    if (!to)
        return;
    void (*set)(OfxPropertySetHandle, const char *, double) = is_int ? set_as_int : set_as_double;
    set(to, kOfxParamPropDefault, first_number(knob));
    set(to, kOfxParamPropMin, fmax(knob->hard[0], -1e30));
    set(to, kOfxParamPropMax, fmin(knob->hard[1], 1e30));
    set(to, kOfxParamPropDisplayMin, knob->slider[0]);
    set(to, kOfxParamPropDisplayMax, knob->slider[1]);
    set_int(to, kOfxParamPropAnimates, 0, knob->animatable);
    set_int(to, kOfxParamPropSecret, 0, knob->secret);
    set_int(to, kOfxParamPropEnabled, 0, start);
}

static void define_other(struct page *page, const struct knob *knob)
{
    static const char *const types[] = {kOfxParamTypeDouble, kOfxParamTypeInteger, kOfxParamTypeBoolean,
        kOfxParamTypeChoice, kOfxParamTypeString, kOfxParamTypeString, kOfxParamTypeString,
        kOfxParamTypePushButton};
    OfxPropertySetHandle to =
        define(page, types[knob->kind], knob->param, knob->label, knob->help, knob->group);
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
        index = choice_index(knob, json_text(knob->initial, ""));
        set_int(to, kOfxParamPropDefault, 0, index < 0 ? 0 : index);
    } else {
        set_string(to, kOfxParamPropStringMode, 0,
            knob->kind == KNOB_FILE ? kOfxParamStringIsFilePath : kOfxParamStringIsSingleLine);
        if (knob->kind == KNOB_FILE)
            set_int(to, kOfxParamPropStringFilePathExists, 0,
                1); /* all are read: else a host asks where to save */
        set_string(to, kOfxParamPropDefault, 0, json_text(knob->initial, ""));
    }
}

static void define_use(struct page *page, const struct input *mask)
{
    char name[NAME_ROOM], label[NAME_ROOM];
    param_name_use(name, mask);
    snprintf(label, sizeof label, "Use %s", mask->label);
    define_tick(page, name, label,
        "Takes the input into account. Some hosts say of an input that nothing is connected to that it is "
        "connected; this is ticked when something is.",
        NULL, false);
}

static bool define_space(struct page *page)
{
    OfxPropertySetHandle to = define(page, kOfxParamTypeString, PARAM_SPACE, "Input space",
        "The colour space that the host's pixels are in, a name or a role of the OCIO configuration that is "
        "used: "
        "scene_linear where the host works scene-linear, as Nuke and Natron do; the timeline's in Resolve. A "
        "host "
        "that tells its colour space itself is believed as long as this is scene_linear.",
        NULL);
    if (!to)
        return false;
    set_string(to, kOfxParamPropStringMode, 0, kOfxParamStringIsSingleLine);
    set_string(to, kOfxParamPropDefault, 0, DEFAULT_SPACE);
    set_int(to, kOfxParamPropAnimates, 0, 0);
    return true;
}

static void define_space_menu(struct page *page)
{
    char room[PATH_ROOM];
    OfxPropertySetHandle to = define(page, kOfxParamTypeChoice, PARAM_SPACE_MENU, "Choose input space",
        "Writes the name of a colour space into Input space.", NULL);
    if (!to)
        return;
    params_offer_spaces(to, space_names(space_config(room), false));
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
        const char *label = json_text(json_get(group, "label"), name);
        OfxPropertySetHandle to = define(&page, kOfxParamTypeGroup, name, label, label, NULL);
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
    for (size_t i = 0; i < node->inputs; i++)
        if (node->input[i].is_mask)
            define_use(&page, &node->input[i]);
    if (define_space(&page) && params_offers_spaces())
        define_space_menu(&page);
}
