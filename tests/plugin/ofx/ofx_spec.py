"""What OpenFX 1.4 says about properties: which there are, of what type and dimension, and on which object.

Written from the published specification (ofxCore.h, ofxImageEffect.h, ofxParam.h, ofxColour.h).
"""

from __future__ import annotations

from typing import NamedTuple

OK, FAILED, FATAL, UNKNOWN, MISSING, UNSUPPORTED = range(6)
MEMORY, BAD_HANDLE, BAD_INDEX, VALUE = 8, 9, 10, 11
REPLY_YES, REPLY_NO, REPLY_DEFAULT = 12, 13, 14

ACTION = "OfxImageEffectAction"
RENDER = ACTION + "Render"
TIMED = {ACTION + a for a in ("IsIdentity", "GetRegionOfDefinition", "GetRegionsOfInterest")} | {
    ACTION + "GetFramesNeeded", RENDER,
}  # fmt: skip
"""Actions at a time, in which paramGetValue, which knows none, is out of place."""

COMPONENTS = {"RGBA": "OfxImageComponentRGBA", "RGB": "OfxImageComponentRGB", "A": "OfxImageComponentAlpha"}
DEPTHS = {
    "byte": "OfxBitDepthByte",
    "short": "OfxBitDepthShort",
    "half": "OfxBitDepthHalf",
    "float": "OfxBitDepthFloat",
}


class Property(NamedTuple):
    """type: int, float, str or object (a pointer). dimension: 0 for any number of values."""

    type: type
    dimension: int


def _table(text: str) -> dict[str, Property]:
    types = {"i": int, "d": float, "s": str, "p": object}
    rows = (line.split() for line in text.split("\n") if line)
    return {name: Property(types[kind], int(dimension)) for name, kind, dimension in rows}


HOST = _table("""
OfxPropAPIVersion i 0
OfxPropType s 1
OfxPropName s 1
OfxPropLabel s 1
OfxPropVersion i 0
OfxPropVersionLabel s 1
OfxPropHostOSHandle p 1
OfxImageEffectHostPropIsBackground i 1
OfxImageEffectHostPropNativeOrigin s 1
OfxImageEffectPropSupportsOverlays i 1
OfxImageEffectPropSupportsMultiResolution i 1
OfxImageEffectPropSupportsTiles i 1
OfxImageEffectPropTemporalClipAccess i 1
OfxImageEffectPropSupportedComponents s 0
OfxImageEffectPropSupportedContexts s 0
OfxImageEffectPropSupportedPixelDepths s 0
OfxImageEffectPropMultipleClipDepths i 1
OfxImageEffectPropSupportsMultipleClipPARs i 1
OfxImageEffectPropSetableFrameRate i 1
OfxImageEffectPropSetableFielding i 1
OfxImageEffectInstancePropSequentialRender i 1
OfxImageEffectPropRenderQualityDraft i 1
OfxImageEffectPropOpenGLRenderSupported s 1
OfxParamHostPropSupportsCustomInteract i 1
OfxParamHostPropSupportsStringAnimation i 1
OfxParamHostPropSupportsChoiceAnimation i 1
OfxParamHostPropSupportsBooleanAnimation i 1
OfxParamHostPropSupportsCustomAnimation i 1
OfxParamHostPropSupportsStrChoice i 1
OfxParamHostPropSupportsStrChoiceAnimation i 1
OfxParamHostPropSupportsParametricAnimation i 1
OfxParamHostPropMaxParameters i 1
OfxParamHostPropMaxPages i 1
OfxParamHostPropPageRowColumnCount i 2
OfxImageEffectPropColourManagementStyle s 1
OfxImageEffectPropColourManagementAvailableConfigs s 0
""")

_LABELS = """
OfxPropLabel s 1
OfxPropShortLabel s 1
OfxPropLongLabel s 1
"""

EFFECT = _table(
    _LABELS
    + """
OfxPropType s 1
OfxPropVersion i 0
OfxPropVersionLabel s 1
OfxPropPluginDescription s 1
OfxPropIcon s 2
OfxPluginPropFilePath s 1
OfxImageEffectPropSupportedContexts s 0
OfxImageEffectPluginPropGrouping s 1
OfxImageEffectPluginPropObsolete i 1
OfxImageEffectPluginPropSingleInstance i 1
OfxImageEffectPluginRenderThreadSafety s 1
OfxImageEffectPluginPropHostFrameThreading i 1
OfxImageEffectPluginPropOverlayInteractV1 p 1
OfxImageEffectPropSupportsMultiResolution i 1
OfxImageEffectPropSupportsTiles i 1
OfxImageEffectPropTemporalClipAccess i 1
OfxImageEffectPropSupportedPixelDepths s 0
OfxImageEffectPluginPropFieldRenderTwiceAlways i 1
OfxImageEffectPropMultipleClipDepths i 1
OfxImageEffectPropSupportsMultipleClipPARs i 1
OfxImageEffectPropClipPreferencesSlaveParam s 0
OfxImageEffectInstancePropSequentialRender i 1
OfxImageEffectPropOpenGLRenderSupported s 1
OfxImageEffectPropColourManagementStyle s 1
OfxImageEffectPropColourManagementAvailableConfigs s 0
OfxImageEffectPropNoSpatialAwareness s 1
OfxImageEffectPropCPURenderSupported s 1
"""
)

INSTANCE = _table("""
OfxPropType s 1
OfxPropLabel s 1
OfxPropIsInteractive i 1
OfxPropInstanceData p 1
OfxImageEffectPropContext s 1
OfxImageEffectPropProjectSize d 2
OfxImageEffectPropProjectOffset d 2
OfxImageEffectPropProjectExtent d 2
OfxImageEffectPropPixelAspectRatio d 1
OfxImageEffectInstancePropEffectDuration d 1
OfxImageEffectInstancePropSequentialRender i 1
OfxImageEffectPropSupportsTiles i 1
OfxImageEffectPropFrameRate d 1
OfxImageEffectPropPluginHandle p 1
OfxImageEffectPropOpenGLRenderSupported s 1
OfxImageEffectPropOCIOConfig s 1
OfxImageEffectPropColourManagementStyle s 1
OfxImageEffectPropColourManagementConfig s 1
OfxImageEffectPropDisplayColourspace s 1
""")

CLIP = _table(
    _LABELS
    + """
OfxPropType s 1
OfxPropName s 1
OfxImageEffectPropSupportedComponents s 0
OfxImageEffectPropTemporalClipAccess i 1
OfxImageEffectPropSupportsTiles i 1
OfxImageClipPropOptional i 1
OfxImageClipPropFieldExtraction s 1
OfxImageClipPropIsMask i 1
"""
)

CLIP_INSTANCE = CLIP | _table("""
OfxImageEffectPropPixelDepth s 1
OfxImageEffectPropComponents s 1
OfxImageClipPropUnmappedPixelDepth s 1
OfxImageClipPropUnmappedComponents s 1
OfxImageEffectPropPreMultiplication s 1
OfxImagePropPixelAspectRatio d 1
OfxImageEffectPropFrameRate d 1
OfxImageEffectPropFrameRange d 2
OfxImageClipPropFieldOrder s 1
OfxImageClipPropConnected i 1
OfxImageEffectPropUnmappedFrameRange d 2
OfxImageEffectPropUnmappedFrameRate d 1
OfxImageClipPropContinuousSamples i 1
OfxImageClipPropColourspace s 1
OfxImageClipPropPreferredColourspaces s 0
""")

IMAGE = _table("""
OfxPropType s 1
OfxImageEffectPropPixelDepth s 1
OfxImageEffectPropComponents s 1
OfxImageEffectPropPreMultiplication s 1
OfxImageEffectPropRenderScale d 2
OfxImagePropPixelAspectRatio d 1
OfxImagePropData p 1
OfxImagePropBounds i 4
OfxImagePropRegionOfDefinition i 4
OfxImagePropRowBytes i 1
OfxImagePropField s 1
OfxImagePropUniqueIdentifier s 1
""")

PARAMETER_SET = _table("""
OfxPropParamSetNeedsSyncing i 1
OfxPluginPropParamPageOrder s 0
""")

_PARAMETER = (
    _LABELS
    + """
OfxPropType s 1
OfxPropName s 1
OfxPropIcon s 2
OfxParamPropType s 1
OfxParamPropSecret i 1
OfxParamPropHint s 1
OfxParamPropScriptName s 1
OfxParamPropParent s 1
OfxParamPropEnabled i 1
OfxParamPropDataPtr p 1
"""
)

_VALUE = """
OfxParamPropAnimates i 1
OfxParamPropIsAnimating i 1
OfxParamPropIsAutoKeying i 1
OfxParamPropPersistant i 1
OfxParamPropEvaluateOnChange i 1
OfxParamPropPluginMayWrite i 1
OfxParamPropCacheInvalidation s 1
OfxParamPropCanUndo i 1
"""


def _number(kind: str, more: str = "") -> dict[str, Property]:
    limits = [f"OfxParamProp{n} {kind} 1" for n in ("Default", "Min", "Max", "DisplayMin", "DisplayMax")]
    return _table(_PARAMETER + _VALUE + "\n".join(limits) + "\n" + more)


PARAMETER = {
    "OfxParamTypeDouble": _number(
        "d",
        "OfxParamPropIncrement d 1\nOfxParamPropDigits i 1\nOfxParamPropDoubleType s 1\n"
        "OfxParamPropShowTimeMarker i 1",
    ),
    "OfxParamTypeInteger": _number("i"),
    "OfxParamTypeBoolean": _table(_PARAMETER + _VALUE + "OfxParamPropDefault i 1"),
    "OfxParamTypeChoice": _table(
        _PARAMETER + _VALUE + "OfxParamPropDefault i 1\nOfxParamPropChoiceOption s 0"
        "\nOfxParamPropChoiceOrder i 0"
    ),
    "OfxParamTypeStrChoice": _table(
        _PARAMETER + _VALUE + "OfxParamPropDefault s 1\nOfxParamPropChoiceOption s 0"
        "\nOfxParamPropChoiceEnum s 0\nOfxParamPropChoiceOrder i 0"
    ),
    "OfxParamTypeString": _table(
        _PARAMETER + _VALUE + "OfxParamPropDefault s 1\nOfxParamPropStringMode s 1"
        "\nOfxParamPropStringFilePathExists i 1"
    ),
    "OfxParamTypeGroup": _table(_PARAMETER + "OfxParamPropGroupOpen i 1"),
    "OfxParamTypePage": _table(_PARAMETER + "OfxParamPropPageChild s 0"),
    "OfxParamTypePushButton": _table(_PARAMETER),
}
"""By type; without Integer2D and 3D, which hosts show badly, and what no node needs."""

PARAMETER_LATER = {
    *(f"OfxParamProp{n}" for n in ("Secret", "Enabled", "Hint", "ChoiceOption", "EvaluateOnChange")),
    *(f"OfxParamProp{n}" for n in ("Min", "Max", "DisplayMin", "DisplayMax", "DataPtr")),
    *(f"OfxProp{n}" for n in ("Label", "ShortLabel", "LongLabel")),
}
"""What a plugin may still set on a parameter of an instance."""

_TIME = "\nOfxPropTime d 1\n"
_SCALE = "\nOfxImageEffectPropRenderScale d 2\n"
_WINDOW = "\nOfxImageEffectPropRenderWindow i 4\nOfxImageEffectPropFieldToRender s 1\n"
_STATUS = """
OfxImageEffectPropSequentialRenderStatus i 1
OfxImageEffectPropInteractiveRenderStatus i 1
OfxImageEffectPropRenderQualityDraft i 1
"""
_SEQUENCE = "\nOfxImageEffectPropFrameRange d 2\nOfxImageEffectPropFrameStep d 1\nOfxPropIsInteractive i 1\n"

IN = {
    "OfxActionInstanceChanged": _table(
        _TIME + _SCALE + "OfxPropType s 1\nOfxPropName s 1\nOfxPropChangeReason s 1"
    ),
    "OfxActionBeginInstanceChanged": _table("OfxPropChangeReason s 1"),
    "OfxActionEndInstanceChanged": _table("OfxPropChangeReason s 1"),
    ACTION + "DescribeInContext": _table("OfxImageEffectPropContext s 1"),
    ACTION + "GetRegionOfDefinition": _table(_TIME + _SCALE),
    ACTION + "GetRegionsOfInterest": _table(_TIME + _SCALE + "OfxImageEffectPropRegionOfInterest d 4"),
    ACTION + "GetFramesNeeded": _table(_TIME),
    ACTION + "IsIdentity": _table(_TIME + _SCALE + _WINDOW),
    ACTION + "BeginSequenceRender": _table(_SEQUENCE + _SCALE + _STATUS),
    ACTION + "EndSequenceRender": _table(_SEQUENCE + _SCALE + _STATUS),
    RENDER: _table(_TIME + _SCALE + _WINDOW + _STATUS),
}
"""What the host tells with an action."""

OUT = {
    ACTION + "GetClipPreferences": _table("""
OfxImageEffectPropFrameRate d 1
OfxImageEffectPropPreMultiplication s 1
OfxImageClipPropFieldOrder s 1
OfxImageClipPropContinuousSamples i 1
OfxImageEffectFrameVarying i 1
"""),
    ACTION + "GetRegionOfDefinition": _table("OfxImageEffectPropRegionOfDefinition d 4"),
    ACTION + "GetRegionsOfInterest": {},
    ACTION + "GetFramesNeeded": {},
    ACTION + "GetTimeDomain": _table("OfxImageEffectPropFrameRange d 2"),
    ACTION + "IsIdentity": _table("OfxPropName s 1\nOfxPropTime d 1"),
}
"""What the plugin answers; those named after a clip come on top, see `OUT_CLIP`."""

OUT_CLIP = {
    ACTION + "GetClipPreferences": _table("""
OfxImageClipPropComponents_ s 1
OfxImageClipPropDepth_ s 1
OfxImageClipPropPAR_ d 1
OfxImageClipPropPreferredColourspaces_ s 0
"""),
    ACTION + "GetRegionsOfInterest": _table("OfxImageClipPropRoI_ d 4"),
    ACTION + "GetFramesNeeded": _table("OfxImageClipPropFrameRange_ d 0"),
}

LATER = {
    *(f"OfxProp{n}" for n in ("APIVersion", "Version", "VersionLabel", "PluginDescription", "Icon")),
    "OfxPropHostOSHandle",
    "OfxPluginPropFilePath",
    *(
        f"OfxImageEffectProp{n}"
        for n in ("SequentialRenderStatus", "InteractiveRenderStatus", "RenderQualityDraft")
    ),
    "OfxImageEffectInstancePropSequentialRender",
    "OfxImageEffectHostPropNativeOrigin",
    "OfxImageEffectPropOpenGLRenderSupported",
    "OfxImageEffectPropNoSpatialAwareness",
    "OfxImageEffectPropCPURenderSupported",
    "OfxImageClipPropUnmappedComponents",
    "OfxImagePropUniqueIdentifier",
    "OfxParamPropScriptName",
    "OfxParamPropDataPtr",
    "OfxParamPropChoiceOrder",
    "OfxParamPropChoiceEnum",
    "OfxParamHostPropSupportsParametricAnimation",
    "OfxParamHostPropSupportsStrChoice",
    "OfxParamHostPropSupportsStrChoiceAnimation",
    *(n for t in (HOST, EFFECT, INSTANCE, CLIP_INSTANCE) for n in t if "Colour" in n or "OCIO" in n),
}
"""What hosts of API 1.0 do not know."""

STYLE, NATIVE = "OfxImageEffectColourManagement", "ofx-native-v1.5_aces-v1.3_ocio-v2.3"
"""What the name of a style of colour management starts with; and the one native configuration of 1.5."""

COLOUR = {n for n in LATER if "Colour" in n or "OCIO" in n}
"""What came with API 1.5."""

EVERY = (
    HOST, EFFECT, INSTANCE, CLIP_INSTANCE, IMAGE, PARAMETER_SET,
    *PARAMETER.values(), *IN.values(), *OUT.values(),
)  # fmt: skip

NEEDED_OF_EFFECTS = (
    "PropSupportedContexts", "PropSupportedPixelDepths", "PluginPropGrouping", "PluginRenderThreadSafety",
    "PropSupportsTiles", "PropSupportsMultiResolution", "PropTemporalClipAccess",
)  # fmt: skip
"""Without OfxImageEffect in front; what else an effect leaves out has a default that suits."""

WORDS = {
    "OfxImageEffectPropSupportedContexts": {"OfxImageEffectContextFilter", "OfxImageEffectContextGeneral"},
    "OfxImageEffectPropSupportedComponents": set(COMPONENTS.values()),
    "OfxImageEffectPropSupportedPixelDepths": set(DEPTHS.values()),
    "OfxImageEffectPluginRenderThreadSafety": {"OfxImageEffectRenderFullySafe"},
    "OfxParamPropStringMode": {
        f"OfxParamStringIs{m}" for m in ("SingleLine", "MultiLine", "FilePath", "Label")
    },
    "OfxParamPropCacheInvalidation": {"OfxParamInvalidateValueChange", "OfxParamInvalidateAll"},
    "OfxParamPropDoubleType": {f"OfxParamDoubleType{t}" for t in ("Plain", "Scale", "Angle", "Time")},
    "OfxImageEffectPropPreMultiplication": {
        f"OfxImage{p}" for p in ("Opaque", "AlphaPremultiplied", "AlphaUnPremultiplied")
    },
    "OfxImageClipPropFieldOrder": {"OfxFieldNone", "OfxFieldLower", "OfxFieldUpper"},
    "OfxImageClipPropFieldExtraction": {
        f"OfxField{f}" for f in ("None", "Lower", "Upper", "Both", "Single", "Doubled")
    },
}
"""The values that words may have; of several contexts and safeties those that our plugins promise."""
