/* The host: its suites, its properties, and its messages to the user. */
#ifndef INTERNEG_HOST_H
#define INTERNEG_HOST_H

#include <stdbool.h>

#include "ofx.h"

struct host {
    OfxPropertySetHandle properties;
    const OfxPropertySuiteV1 *property;
    const OfxImageEffectSuiteV1 *effect;
    const OfxParameterSuiteV1 *param;
    const OfxMessageSuiteV2 *message;   /* NULL where there is none; of version 1 unless `persistent` */
    const OfxProgressSuiteV1 *progress; /* NULL where there is none */
    bool persistent;                    /* whether messages can stay until they are cleared */
    bool temporal;                      /* it gives frames at other times than the one that is rendered */
    bool resizes; /* multi-resolution: a result may be of another size than its source */
};

/* The host that the plugin is loaded in; set by host_load. */
extern struct host host;

/* Set the host, as it gives itself before it loads the plugin. */
void host_set(OfxHost *from);

/* Fetch the host's suites and tell the worker's log its name. Returns kOfxStatOK, or
 * kOfxStatErrMissingHostFeature where one that is needed is missing. */
OfxStatus host_load(void);

/* The value of a property at that index; `otherwise` where the host does not know it. Texts are the host's,
 * and last until the property changes. */
int get_int(OfxPropertySetHandle from, const char *name, int index, int otherwise);
double get_double(OfxPropertySetHandle from, const char *name, int index, double otherwise);
const char *get_string(OfxPropertySetHandle from, const char *name, const char *otherwise);

/* A pointer; NULL where the host does not know the property. */
void *get_pointer(OfxPropertySetHandle from, const char *name);

/* Set `rect` to a property of four numbers, x1, y1, x2, y2 in pixels. False where it is not known. */
bool get_rect(OfxPropertySetHandle from, const char *name, OfxRectI *rect);

/* Whether one of a property's strings is `wanted`. */
bool has_string(OfxPropertySetHandle from, const char *name, const char *wanted);

/* Set a property at that index. That a host does not know it is no error: most properties are younger than
 * OpenFX 1.0. */
void set_int(OfxPropertySetHandle to, const char *name, int index, int value);
void set_double(OfxPropertySetHandle to, const char *name, int index, double value);
void set_string(OfxPropertySetHandle to, const char *name, int index, const char *value);

/* Show an error at the node until host_clear; in a window, where the host's messages cannot stay. */
void host_show_error(OfxImageEffectHandle effect, const char *words);

/* Show a note at the node until host_clear. Where the host's messages cannot stay, a window shows it if it is
 * the `first`, not for each frame. */
void host_show_note(OfxImageEffectHandle effect, const char *words, bool first);

/* Take the error or the note away that stays at the node. */
void host_clear(OfxImageEffectHandle effect);

/* Show a message in a window: `type` is kOfxMessageMessage or kOfxMessageError. */
void host_show_message(OfxImageEffectHandle effect, const char *type, const char *words);

#endif
