#include "host.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "connect.h"
#include "sizes.h"

enum { FORMAT_ROOM = 2 * PATH_ROOM }; /* bytes of a message; longer ones are cut */

struct host host;

static OfxHost *given;

void host_set(OfxHost *from)
{
    given = from;
}

OfxStatus host_load(void)
{
    if (!given || !given->fetchSuite)
        return kOfxStatErrMissingHostFeature;
    host.properties = given->host;
    host.property = given->fetchSuite(given->host, kOfxPropertySuite, 1);
    host.effect = given->fetchSuite(given->host, kOfxImageEffectSuite, 1);
    host.param = given->fetchSuite(given->host, kOfxParameterSuite, 1);
    host.message = given->fetchSuite(given->host, kOfxMessageSuite, 2);
    host.persistent = host.message;
    if (!host.message)
        host.message = given->fetchSuite(given->host, kOfxMessageSuite, 1);
    host.progress = given->fetchSuite(given->host, kOfxProgressSuite, 1);
    if (!host.property || !host.effect || !host.param)
        return kOfxStatErrMissingHostFeature;

    host.temporal = get_int(host.properties, kOfxImageEffectPropTemporalClipAccess, 0, 1) != 0;
    host.resizes = get_int(host.properties, kOfxImageEffectPropSupportsMultiResolution, 0, 0) != 0;
    char name[128];
    snprintf(name, sizeof name, "%.80s %.40s",
        get_string(host.properties, kOfxPropLabel, get_string(host.properties, kOfxPropName, "unknown host")),
        get_string(host.properties, kOfxPropVersionLabel, ""));
    connect_set_host_name(name);
    return kOfxStatOK;
}

int get_int(OfxPropertySetHandle from, const char *name, int index, int otherwise)
{
    int value;
    return host.property->propGetInt(from, name, index, &value) == kOfxStatOK ? value : otherwise;
}

double get_double(OfxPropertySetHandle from, const char *name, int index, double otherwise)
{
    double value;
    return host.property->propGetDouble(from, name, index, &value) == kOfxStatOK ? value : otherwise;
}

const char *get_string(OfxPropertySetHandle from, const char *name, const char *otherwise)
{
    char *value = NULL;
    return host.property->propGetString(from, name, 0, &value) == kOfxStatOK && value ? value : otherwise;
}

void *get_pointer(OfxPropertySetHandle from, const char *name)
{
    void *value = NULL;
    return host.property->propGetPointer(from, name, 0, &value) == kOfxStatOK ? value : NULL;
}

bool get_rect(OfxPropertySetHandle from, const char *name, OfxRectI *rect)
{
    int *sides[] = {&rect->x1, &rect->y1, &rect->x2, &rect->y2};
    for (int i = 0; i < 4; i++)
        if (host.property->propGetInt(from, name, i, sides[i]) != kOfxStatOK)
            return false;
    return true;
}

bool has_string(OfxPropertySetHandle from, const char *name, const char *wanted)
{
    int count = 0;
    host.property->propGetDimension(from, name, &count);
    for (int i = 0; i < count; i++) {
        char *value = NULL;
        if (host.property->propGetString(from, name, i, &value) == kOfxStatOK && value &&
            strcmp(value, wanted) == 0)
            return true;
    }
    return false;
}

void set_int(OfxPropertySetHandle to, const char *name, int index, int value)
{
    host.property->propSetInt(to, name, index, value);
}

void set_double(OfxPropertySetHandle to, const char *name, int index, double value)
{
    host.property->propSetDouble(to, name, index, value);
}

void set_string(OfxPropertySetHandle to, const char *name, int index, const char *value)
{
    host.property->propSetString(to, name, index, value);
}

/* The words as a format that prints them: some hosts print the format alone, whatever comes after it. */
static const char *as_format(const char *words, char room[FORMAT_ROOM])
{
    size_t length = 0;
    for (; *words && length < FORMAT_ROOM - 2; words++) {
        if (*words == '%')
            room[length++] = '%';
        room[length++] = *words;
    }
    room[length] = 0;
    return room;
}

static void show_persistent(OfxImageEffectHandle effect, const char *type, const char *words)
{
    char room[FORMAT_ROOM];
    host.message->setPersistentMessage(effect, type, "", as_format(words, room));
}

void host_show_error(OfxImageEffectHandle effect, const char *words)
{
    if (host.persistent)
        show_persistent(effect, kOfxMessageError, words);
    else
        host_show_message(effect, kOfxMessageError, words);
}

void host_show_note(OfxImageEffectHandle effect, const char *words, bool first)
{
    if (host.persistent)
        show_persistent(effect, kOfxMessageWarning, words);
    else if (first)
        host_show_message(effect, kOfxMessageMessage, words); /* such hosts know no warnings */
}

void host_clear(OfxImageEffectHandle effect)
{
    if (host.persistent)
        host.message->clearPersistentMessage(effect);
}

void host_show_message(OfxImageEffectHandle effect, const char *type, const char *words)
{
    char room[FORMAT_ROOM];
    if (host.message)
        host.message->message(effect, type, "", as_format(words, room));
}
