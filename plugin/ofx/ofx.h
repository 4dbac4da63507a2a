/* The part of the OpenFX C interface that the shell uses, after the published specification, version 1.4 (and
 * the colour management of 1.5). Names, values and layouts are the specification's; what is not needed is
 * left out. */
#ifndef INTERNEG_OFX_H
#define INTERNEG_OFX_H

#include <stddef.h>

typedef int OfxStatus;
typedef double OfxTime;
typedef struct OfxPropertySetStruct *OfxPropertySetHandle;
typedef struct OfxParamStruct *OfxParamHandle;
typedef struct OfxParamSetStruct *OfxParamSetHandle;
typedef struct OfxImageEffectStruct *OfxImageEffectHandle;
typedef struct OfxImageClipStruct *OfxImageClipHandle;

typedef struct OfxRectI {
    int x1, y1, x2, y2;
} OfxRectI;
typedef struct OfxRectD {
    double x1, y1, x2, y2;
} OfxRectD;

enum {
    kOfxStatOK = 0,
    kOfxStatFailed = 1,
    kOfxStatErrMissingHostFeature = 4,
    kOfxStatErrMemory = 8,
    kOfxStatErrBadHandle = 9,
    kOfxStatReplyNo = 13,
    kOfxStatReplyDefault = 14
};

typedef struct OfxHost {
    OfxPropertySetHandle host;
    const void *(*fetchSuite)(OfxPropertySetHandle host, const char *name, int version);
} OfxHost;

typedef OfxStatus OfxPluginEntryPoint(
    const char *action, const void *handle, OfxPropertySetHandle in, OfxPropertySetHandle out);

typedef struct OfxPlugin {
    const char *pluginApi;
    int apiVersion;
    const char *pluginIdentifier;
    unsigned int pluginVersionMajor, pluginVersionMinor;
    void (*setHost)(OfxHost *host);
    OfxPluginEntryPoint *mainEntry;
} OfxPlugin;

/* The suites. Members that the shell never calls keep their place as `unused`. */

typedef struct OfxPropertySuiteV1 {
    OfxStatus (*propSetPointer)(OfxPropertySetHandle, const char *name, int index, void *value);
    OfxStatus (*propSetString)(OfxPropertySetHandle, const char *name, int index, const char *value);
    OfxStatus (*propSetDouble)(OfxPropertySetHandle, const char *name, int index, double value);
    OfxStatus (*propSetInt)(OfxPropertySetHandle, const char *name, int index, int value);
    void (*unused_setN[4])(void);
    OfxStatus (*propGetPointer)(OfxPropertySetHandle, const char *name, int index, void **value);
    OfxStatus (*propGetString)(OfxPropertySetHandle, const char *name, int index, char **value);
    OfxStatus (*propGetDouble)(OfxPropertySetHandle, const char *name, int index, double *value);
    OfxStatus (*propGetInt)(OfxPropertySetHandle, const char *name, int index, int *value);
    void (*unused_getN[4])(void);
    OfxStatus (*propReset)(OfxPropertySetHandle, const char *name);
    OfxStatus (*propGetDimension)(OfxPropertySetHandle, const char *name, int *count);
} OfxPropertySuiteV1;

typedef struct OfxImageEffectSuiteV1 {
    OfxStatus (*getPropertySet)(OfxImageEffectHandle, OfxPropertySetHandle *properties);
    OfxStatus (*getParamSet)(OfxImageEffectHandle, OfxParamSetHandle *params);
    OfxStatus (*clipDefine)(OfxImageEffectHandle, const char *name, OfxPropertySetHandle *properties);
    OfxStatus (*clipGetHandle)(
        OfxImageEffectHandle, const char *name, OfxImageClipHandle *clip, OfxPropertySetHandle *properties);
    OfxStatus (*clipGetPropertySet)(OfxImageClipHandle, OfxPropertySetHandle *properties);
    OfxStatus (*clipGetImage)(
        OfxImageClipHandle, OfxTime time, const OfxRectD *region, OfxPropertySetHandle *image);
    OfxStatus (*clipReleaseImage)(OfxPropertySetHandle image);
    OfxStatus (*clipGetRegionOfDefinition)(OfxImageClipHandle, OfxTime time, OfxRectD *bounds);
    int (*abort)(OfxImageEffectHandle);
    void (*unused_imageMemory[4])(void);
} OfxImageEffectSuiteV1;

typedef struct OfxParameterSuiteV1 {
    OfxStatus (*paramDefine)(
        OfxParamSetHandle, const char *type, const char *name, OfxPropertySetHandle *properties);
    OfxStatus (*paramGetHandle)(
        OfxParamSetHandle, const char *name, OfxParamHandle *param, OfxPropertySetHandle *properties);
    OfxStatus (*paramSetGetPropertySet)(OfxParamSetHandle, OfxPropertySetHandle *properties);
    OfxStatus (*paramGetPropertySet)(OfxParamHandle, OfxPropertySetHandle *properties);
    OfxStatus (*paramGetValue)(OfxParamHandle, ...);
    OfxStatus (*paramGetValueAtTime)(OfxParamHandle, OfxTime time, ...);
    void (*unused_calculus[2])(void);
    OfxStatus (*paramSetValue)(OfxParamHandle, ...);
    void (*unused_keys[5])(void);
    OfxStatus (*paramDeleteAllKeys)(OfxParamHandle);
    void (*unused_copy)(void);
    OfxStatus (*paramEditBegin)(OfxParamSetHandle, const char *name);
    OfxStatus (*paramEditEnd)(OfxParamSetHandle);
} OfxParameterSuiteV1;

/* Version 1 ends after `message`. */
typedef struct OfxMessageSuiteV2 {
    OfxStatus (*message)(void *handle, const char *type, const char *id, const char *format, ...);
    OfxStatus (*setPersistentMessage)(
        void *handle, const char *type, const char *id, const char *format, ...);
    OfxStatus (*clearPersistentMessage)(void *handle);
} OfxMessageSuiteV2;

typedef struct OfxProgressSuiteV1 {
    OfxStatus (*progressStart)(void *effect, const char *label);
    OfxStatus (*progressUpdate)(void *effect, double progress); /* kOfxStatReplyNo where it was cancelled */
    OfxStatus (*progressEnd)(void *effect);
} OfxProgressSuiteV1;

#define kOfxImageEffectPluginApi "OfxImageEffectPluginAPI"
#define kOfxPropertySuite "OfxPropertySuite"
#define kOfxImageEffectSuite "OfxImageEffectSuite"
#define kOfxParameterSuite "OfxParameterSuite"
#define kOfxMessageSuite "OfxMessageSuite"
#define kOfxProgressSuite "OfxProgressSuite"

#define kOfxActionLoad "OfxActionLoad"
#define kOfxActionUnload "OfxActionUnload"
#define kOfxActionDescribe "OfxActionDescribe"
#define kOfxActionCreateInstance "OfxActionCreateInstance"
#define kOfxActionDestroyInstance "OfxActionDestroyInstance"
#define kOfxActionInstanceChanged "OfxActionInstanceChanged"
#define kOfxActionPurgeCaches "OfxActionPurgeCaches"
#define kOfxActionSyncPrivateData "OfxActionSyncPrivateData"
#define kOfxImageEffectActionDescribeInContext "OfxImageEffectActionDescribeInContext"
#define kOfxImageEffectActionGetRegionOfDefinition "OfxImageEffectActionGetRegionOfDefinition"
#define kOfxImageEffectActionGetRegionsOfInterest "OfxImageEffectActionGetRegionsOfInterest"
#define kOfxImageEffectActionGetFramesNeeded "OfxImageEffectActionGetFramesNeeded"
#define kOfxImageEffectActionGetClipPreferences "OfxImageEffectActionGetClipPreferences"
#define kOfxImageEffectActionIsIdentity "OfxImageEffectActionIsIdentity"
#define kOfxImageEffectActionRender "OfxImageEffectActionRender"
#define kOfxImageEffectActionBeginSequenceRender "OfxImageEffectActionBeginSequenceRender"
#define kOfxImageEffectActionEndSequenceRender "OfxImageEffectActionEndSequenceRender"

#define kOfxImageEffectContextFilter "OfxImageEffectContextFilter"
#define kOfxImageEffectContextGeneral "OfxImageEffectContextGeneral"
#define kOfxImageEffectOutputClipName "Output"
#define kOfxImageEffectSimpleSourceClipName "Source"

#define kOfxImageComponentAlpha "OfxImageComponentAlpha"
#define kOfxImageComponentRGB "OfxImageComponentRGB"
#define kOfxImageComponentRGBA "OfxImageComponentRGBA"
#define kOfxBitDepthByte "OfxBitDepthByte"
#define kOfxBitDepthShort "OfxBitDepthShort"
#define kOfxBitDepthHalf "OfxBitDepthHalf"
#define kOfxBitDepthFloat "OfxBitDepthFloat"
#define kOfxImagePreMultiplied "OfxImageAlphaPremultiplied"
#define kOfxImageEffectRenderFullySafe "OfxImageEffectRenderFullySafe"

#define kOfxPropInstanceData "OfxPropInstanceData"
#define kOfxPropName "OfxPropName"
#define kOfxPropType "OfxPropType"
#define kOfxPropTime "OfxPropTime"
#define kOfxPropLabel "OfxPropLabel"
#define kOfxPropShortLabel "OfxPropShortLabel"
#define kOfxPropLongLabel "OfxPropLongLabel"
#define kOfxPropVersionLabel "OfxPropVersionLabel"
#define kOfxPropPluginDescription "OfxPropPluginDescription"
#define kOfxPropChangeReason "OfxPropChangeReason"
#define kOfxChangeUserEdited "OfxChangeUserEdited"
#define kOfxTypeClip "OfxTypeClip"
#define kOfxTypeParameter "OfxTypeParameter"

#define kOfxImageEffectPluginPropGrouping "OfxImageEffectPluginPropGrouping"
#define kOfxImageEffectPluginPropSingleInstance "OfxImageEffectPluginPropSingleInstance"
#define kOfxImageEffectPluginPropHostFrameThreading "OfxImageEffectPluginPropHostFrameThreading"
#define kOfxImageEffectPluginRenderThreadSafety "OfxImageEffectPluginRenderThreadSafety"
#define kOfxImageEffectPropSupportedContexts "OfxImageEffectPropSupportedContexts"
#define kOfxImageEffectPropSupportedComponents "OfxImageEffectPropSupportedComponents"
#define kOfxImageEffectPropSupportedPixelDepths "OfxImageEffectPropSupportedPixelDepths"
#define kOfxImageEffectPropSupportsMultiResolution "OfxImageEffectPropSupportsMultiResolution"
#define kOfxImageEffectPropSupportsMultipleClipDepths "OfxImageEffectPropMultipleClipDepths"
#define kOfxImageEffectPropSupportsMultipleClipPARs "OfxImageEffectPropSupportsMultipleClipPARs"
#define kOfxImageEffectPropSupportsTiles "OfxImageEffectPropSupportsTiles"
#define kOfxImageEffectPropTemporalClipAccess "OfxImageEffectPropTemporalClipAccess"
#define kOfxImageEffectFrameVarying "OfxImageEffectFrameVarying"
#define kOfxImageEffectPropComponents "OfxImageEffectPropComponents"
#define kOfxImageEffectPropPixelDepth "OfxImageEffectPropPixelDepth"
#define kOfxImageEffectPropPreMultiplication "OfxImageEffectPropPreMultiplication"
#define kOfxImageEffectPropFrameRange "OfxImageEffectPropFrameRange"
#define kOfxImageEffectPropProjectSize "OfxImageEffectPropProjectSize"
#define kOfxImageEffectPropProjectOffset "OfxImageEffectPropProjectOffset"
#define kOfxImageEffectPropRegionOfDefinition "OfxImageEffectPropRegionOfDefinition"
#define kOfxImageEffectPropRenderScale "OfxImageEffectPropRenderScale"
#define kOfxImageEffectPropRenderWindow "OfxImageEffectPropRenderWindow"
#define kOfxImageClipPropConnected "OfxImageClipPropConnected"
#define kOfxImageClipPropIsMask "OfxImageClipPropIsMask"
#define kOfxImageClipPropOptional "OfxImageClipPropOptional"
#define kOfxImagePropBounds "OfxImagePropBounds"
#define kOfxImagePropData "OfxImagePropData"
#define kOfxImagePropPixelAspectRatio "OfxImagePropPixelAspectRatio"
#define kOfxImagePropRegionOfDefinition "OfxImagePropRegionOfDefinition"
#define kOfxImagePropRowBytes "OfxImagePropRowBytes"

/* Completed by the name of a clip. */
#define kOfxImageClipPropComponents_ "OfxImageClipPropComponents_"
#define kOfxImageClipPropDepth_ "OfxImageClipPropDepth_"
#define kOfxImageClipPropFrameRange_ "OfxImageClipPropFrameRange_"
#define kOfxImageClipPropRoI_ "OfxImageClipPropRoI_"

#define kOfxParamTypeBoolean "OfxParamTypeBoolean"
#define kOfxParamTypeChoice "OfxParamTypeChoice"
#define kOfxParamTypeDouble "OfxParamTypeDouble"
#define kOfxParamTypeGroup "OfxParamTypeGroup"
#define kOfxParamTypeInteger "OfxParamTypeInteger"
#define kOfxParamTypePage "OfxParamTypePage"
#define kOfxParamTypePushButton "OfxParamTypePushButton"
#define kOfxParamTypeString "OfxParamTypeString"
#define kOfxParamPropAnimates "OfxParamPropAnimates"
#define kOfxParamPropChoiceOption "OfxParamPropChoiceOption"
#define kOfxParamPropDefault "OfxParamPropDefault"
#define kOfxParamPropDisplayMax "OfxParamPropDisplayMax"
#define kOfxParamPropDisplayMin "OfxParamPropDisplayMin"
#define kOfxParamPropEnabled "OfxParamPropEnabled"
#define kOfxParamPropEvaluateOnChange "OfxParamPropEvaluateOnChange"
#define kOfxParamPropGroupOpen "OfxParamPropGroupOpen"
#define kOfxParamPropHint "OfxParamPropHint"
#define kOfxParamPropMax "OfxParamPropMax"
#define kOfxParamPropMin "OfxParamPropMin"
#define kOfxParamPropPageChild "OfxParamPropPageChild"
#define kOfxParamPropParent "OfxParamPropParent"
#define kOfxParamPropPersistant "OfxParamPropPersistant"
#define kOfxParamPropSecret "OfxParamPropSecret"
#define kOfxParamPropStringFilePathExists "OfxParamPropStringFilePathExists"
#define kOfxParamPropStringMode "OfxParamPropStringMode"
#define kOfxParamStringIsFilePath "OfxParamStringIsFilePath"
#define kOfxParamStringIsSingleLine "OfxParamStringIsSingleLine"

#define kOfxMessageError "OfxMessageError"
#define kOfxMessageMessage "OfxMessageMessage"
#define kOfxMessageWarning "OfxMessageWarning"

/* 1.5 */
#define kOfxImageClipPropColourspace "OfxImageClipPropColourspace"
#define kOfxImageEffectColourManagementNone "OfxImageEffectColourManagementNone"
#define kOfxImageEffectColourManagementOCIO "OfxImageEffectColourManagementOCIO"
#define kOfxImageEffectPropColourManagementAvailableConfigs \
    "OfxImageEffectPropColourManagementAvailableConfigs"
#define kOfxImageEffectPropColourManagementStyle "OfxImageEffectPropColourManagementStyle"
#define kOfxImageEffectPropOCIOConfig "OfxImageEffectPropOCIOConfig"

#endif
