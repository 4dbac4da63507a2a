/* The host's suites, and its properties with less ado. */
#ifndef INTERNEG_HOST_H
#define INTERNEG_HOST_H

#include <stdbool.h>

#include "ofx.h"

struct host {
    OfxPropertySetHandle properties;
    const OfxPropertySuiteV1 *property;
    const OfxImageEffectSuiteV1 *effect;
    const OfxParameterSuiteV1 *param;
    const OfxMessageSuiteV2 *message; /* NULL where there is none; of version 1 unless `persistent` */
    bool persistent;
    bool resizes; /* multi-resolution: a result may be of another size than its source */
};

extern struct host host;

void host_set(OfxHost *from);
/* Fetch the suites: kOfxStatOK, or kOfxStatErrMissingHostFeature. */
OfxStatus host_load(void);

/* What a property is; `otherwise` where the host does not know it. */
int get_int(OfxPropertySetHandle from, const char *name, int index, int otherwise);
double get_double(OfxPropertySetHandle from, const char *name, int index, double otherwise);
const char *get_string(OfxPropertySetHandle from, const char *name, const char *otherwise);
void *get_pointer(OfxPropertySetHandle from, const char *name);
bool get_rect(OfxPropertySetHandle from, const char *name, OfxRectI *rect);
/* Whether one of a property's strings is `wanted`. */
bool has_string(OfxPropertySetHandle from, const char *name, const char *wanted);

/* A host that does not know a property ignores it: most of them are younger than 1.0. */
void set_int(OfxPropertySetHandle to, const char *name, int index, int value);
void set_double(OfxPropertySetHandle to, const char *name, int index, double value);
void set_string(OfxPropertySetHandle to, const char *name, int index, const char *value);

/* Show a message that stays until the next success, or one that is read and forgotten. */
void host_complain(OfxImageEffectHandle effect, const char *words);
void host_appease(OfxImageEffectHandle effect);
void host_tell(OfxImageEffectHandle effect, const char *type, const char *words);

#endif
