/* A plugin that copies its source, and does one thing wrong: that which its parameter "fault" names, or,
 * while it describes itself, the environment variable CARELESS. It shows that the strict host sees each of
 * them. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ofx.h"

static const char *const faults[] = {"none", "undeclared frame", "leak", "double release", "unwritten pixel",
    "outside the window", "beyond the rows", "source written", "unknown property", "wrong type",
    "wrong index", "foreign thread", "value without time", "set in render", "stale handle",
    "no such parameter"};
enum { FAULTS = sizeof faults / sizeof *faults };

static OfxHost *host;
static const OfxPropertySuiteV1 *props;
static const OfxImageEffectSuiteV1 *effects;
static const OfxParameterSuiteV1 *params;

static int careless(const char *what)
{
    const char *wanted = getenv("CARELESS");
    return wanted && !strcmp(wanted, what);
}

static OfxStatus describe(OfxImageEffectHandle effect)
{
    static const char *const words[][2] = {
        {kOfxPropLabel, "Careless"},
        {kOfxImageEffectPluginPropGrouping, "Interneg"},
        {kOfxImageEffectPropSupportedContexts, kOfxImageEffectContextGeneral},
        {kOfxImageEffectPropSupportedPixelDepths, kOfxBitDepthFloat},
        {kOfxImageEffectPluginRenderThreadSafety, kOfxImageEffectRenderFullySafe},
    };
    OfxPropertySetHandle set;
    effects->getPropertySet(effect, &set);
    for (size_t i = careless("no label"); i < sizeof words / sizeof *words; i++)
        props->propSetString(set, words[i][0], 0, words[i][1]);
    props->propSetInt(set, kOfxImageEffectPropSupportsTiles, 0, 1);
    props->propSetInt(set, kOfxImageEffectPropSupportsMultiResolution, 0, 1);
    props->propSetInt(set, kOfxImageEffectPropTemporalClipAccess, 0, 1);
    return kOfxStatOK;
}

static OfxStatus describe_in_context(OfxImageEffectHandle effect)
{
    static const char *const clips[] = {"Source", "Output"};
    OfxPropertySetHandle set;
    OfxParamSetHandle all;
    for (int i = 0; i < 2; i++) {
        effects->clipDefine(effect, clips[i], &set);
        props->propSetString(set, kOfxImageEffectPropSupportedComponents, 0, kOfxImageComponentRGBA);
        props->propSetInt(set, kOfxImageEffectPropTemporalClipAccess, 0, 1);
    }
    if (careless("clip twice"))
        effects->clipDefine(effect, "Source", &set);
    effects->getParamSet(effect, &all);
    params->paramDefine(all, kOfxParamTypeChoice, "fault", &set);
    props->propSetString(set, kOfxPropLabel, 0, "Fault");
    if (!careless("no hint"))
        props->propSetString(set, kOfxParamPropHint, 0, "What is done wrong.");
    for (int i = 0; i < FAULTS; i++)
        props->propSetString(set, kOfxParamPropChoiceOption, i, faults[i]);
    props->propSetInt(set, kOfxParamPropDefault, 0, careless("no such choice") ? FAULTS : 0);
    params->paramDefine(all, kOfxParamTypeDouble, "number", &set);
    props->propSetString(set, kOfxPropLabel, 0, "Number");
    props->propSetString(set, kOfxParamPropHint, 0, "Does nothing.");
    props->propSetDouble(set, kOfxParamPropDefault, 0, careless("default beyond") ? 3 : 1);
    props->propSetDouble(set, kOfxParamPropMin, 0, 0);
    props->propSetDouble(set, kOfxParamPropMax, 0, 2);
    if (!careless("no display range")) {
        props->propSetDouble(set, kOfxParamPropDisplayMin, 0, 0);
        props->propSetDouble(set, kOfxParamPropDisplayMax, 0, 2);
    }
    if (careless("parameter twice"))
        params->paramDefine(all, kOfxParamTypeDouble, "number", &set);
    if (careless("Integer2D"))
        params->paramDefine(all, "OfxParamTypeInteger2D", "pair", &set);
    return kOfxStatOK;
}

static OfxImageEffectHandle polled;

static void *poll_abort(void *unused)
{
    OfxImageClipHandle clip;
    OfxPropertySetHandle image;
    (void)unused;
    if (!effects->clipGetHandle(polled, "Source", &clip, NULL))
        effects->clipGetImage(clip, 1, NULL, &image);
    return NULL;
}

static OfxStatus render(OfxImageEffectHandle effect, OfxPropertySetHandle in)
{
    OfxParamSetHandle all;
    OfxParamHandle fault, number;
    OfxImageClipHandle source, output;
    OfxPropertySetHandle image, target, extra;
    double time;
    int wrong, window[4], from[4], to[4], from_stride, to_stride;
    char *from_data, *to_data;

    props->propGetDouble(in, kOfxPropTime, 0, &time);
    for (int i = 0; i < 4; i++)
        props->propGetInt(in, kOfxImageEffectPropRenderWindow, i, &window[i]);
    effects->getParamSet(effect, &all);
    params->paramGetHandle(all, "fault", &fault, NULL);
    params->paramGetHandle(all, "number", &number, NULL);
    params->paramGetValueAtTime(fault, time, &wrong);
    const char *name = faults[wrong];
    effects->clipGetHandle(effect, "Source", &source, NULL);
    effects->clipGetHandle(effect, "Output", &output, NULL);
    if (effects->clipGetImage(source, time, NULL, &image) ||
        effects->clipGetImage(output, time, NULL, &target))
        return kOfxStatFailed;
    for (int i = 0; i < 4; i++) {
        props->propGetInt(image, kOfxImagePropBounds, i, &from[i]);
        props->propGetInt(target, kOfxImagePropBounds, i, &to[i]);
    }
    props->propGetPointer(image, kOfxImagePropData, 0, (void **)&from_data);
    props->propGetPointer(target, kOfxImagePropData, 0, (void **)&to_data);
    props->propGetInt(image, kOfxImagePropRowBytes, 0, &from_stride);
    props->propGetInt(target, kOfxImagePropRowBytes, 0, &to_stride);
    int rows = window[3] - window[1], left = !strcmp(name, "unwritten pixel");
    for (int y = 0; y < rows; y++)
        memcpy(to_data + (ptrdiff_t)(y + window[1] - to[1]) * to_stride + (window[0] - to[0] + left) * 16,
            from_data + (ptrdiff_t)(y + window[1] - from[1]) * from_stride +
                (window[0] - from[0] + left) * 16,
            (size_t)(window[2] - window[0] - left) * 16);

    if (!strcmp(name, "undeclared frame") && !effects->clipGetImage(source, time + 1, NULL, &extra))
        effects->clipReleaseImage(extra);
    if (!strcmp(name, "outside the window"))
        memset(to_data + (ptrdiff_t)(window[3] - to[1]) * to_stride, 0, 4);
    if (!strcmp(name, "beyond the rows"))
        to_data[(to[2] - to[0]) * 16] = 0;
    if (!strcmp(name, "source written"))
        from_data[0] = (char)(from_data[0] + 1);
    if (!strcmp(name, "unknown property"))
        props->propGetInt(image, "OfxImagePropColour", 0, &wrong);
    if (!strcmp(name, "wrong type"))
        props->propGetDouble(image, kOfxImagePropRowBytes, 0, &time);
    if (!strcmp(name, "wrong index"))
        props->propGetInt(image, kOfxImagePropBounds, 4, &wrong);
    if (!strcmp(name, "foreign thread")) {
        pthread_t thread;
        polled = effect;
        pthread_create(&thread, NULL, poll_abort, NULL);
        pthread_join(thread, NULL);
    }
    if (!strcmp(name, "value without time"))
        params->paramGetValue(number, &time);
    if (!strcmp(name, "set in render"))
        params->paramSetValue(number, 0.5);
    if (!strcmp(name, "no such parameter"))
        params->paramGetHandle(all, "nothing", &number, NULL);
    if (strcmp(name, "leak"))
        effects->clipReleaseImage(image);
    if (!strcmp(name, "double release"))
        effects->clipReleaseImage(image);
    if (!strcmp(name, "stale handle"))
        props->propGetInt(image, kOfxImagePropBounds, 0, &wrong);
    effects->clipReleaseImage(target);
    return kOfxStatOK;
}

static OfxStatus entry(
    const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out)
{
    OfxImageEffectHandle effect = (OfxImageEffectHandle)(size_t)handle;
    (void)out;
    if (!strcmp(action, kOfxActionLoad)) {
        props = host->fetchSuite(host->host, kOfxPropertySuite, 1);
        effects = host->fetchSuite(host->host, kOfxImageEffectSuite, 1);
        params = host->fetchSuite(host->host, kOfxParameterSuite, 1);
        return kOfxStatOK;
    }
    if (!strcmp(action, kOfxActionDescribe))
        return describe(effect);
    if (!strcmp(action, kOfxImageEffectActionDescribeInContext))
        return describe_in_context(effect);
    if (!strcmp(action, kOfxImageEffectActionRender))
        return render(effect, in);
    return kOfxStatReplyDefault;
}

static void set_host(OfxHost *given)
{
    host = given;
}

static OfxPlugin plugin = {kOfxImageEffectPluginApi, 1, "org.interneg.Careless", 1, 0, set_host, entry};

int OfxGetNumberOfPlugins(void)
{
    return 1;
}

OfxPlugin *OfxGetPlugin(int index)
{
    return index ? NULL : &plugin;
}
