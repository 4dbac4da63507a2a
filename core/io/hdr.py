"""What a high dynamic range movie says of the display it was graded on and of its brightest light."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

__all__ = ["LIGHT", "MASTERING", "light_of", "not_carried", "without_light"]

MASTERING = "hdr10:mastering_display"
"""SMPTE ST 2086: G(x,y)B(x,y)R(x,y)WP(x,y)L(max,min), chromaticities in 0.00002, light in 0.0001 cd/m2."""
LIGHT = "hdr10:content_light"
"""CTA-861.3: MaxCLL,MaxFALL in cd/m2."""

_NOT_CARRIED = {
    "DOVI_RPU_BUFFER": "Dolby Vision",
    "DOVI_METADATA": "Dolby Vision",
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DYNAMIC_HDR_VIVID": "HDR Vivid",
    "SPHERICAL": "the projection of a sphere",
    "STEREO3D": "the arrangement of two eyes",
    "A53_CC": "closed captions",
}


def light_of(picture: Any) -> dict[str, str]:
    """The entries MASTERING and LIGHT of a decoded picture (av.VideoFrame), as far as it has them."""
    from interneg.io.side_data import side_data  # PyAV, which sequences do without

    mastering = side_data(picture, "MASTERING_DISPLAY_METADATA")
    light = side_data(picture, "CONTENT_LIGHT_LEVEL")
    found = {}
    if mastering is not None and (text := _mastering(mastering)):
        found[MASTERING] = text
    if light is not None:
        found[LIGHT] = "{},{}".format(*struct.unpack_from("=2I", light))
    return found


def not_carried(picture: Any) -> tuple[str, ...]:
    """What else stands beside a decoded picture (av.VideoFrame) and is read from nowhere here, in words."""
    from interneg.io.side_data import kinds_beside

    present = kinds_beside(picture)
    return tuple(dict.fromkeys(words for name, words in _NOT_CARRIED.items() if name in present))


def without_light(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a picture brought into another colour space, of which these entries say nothing."""
    return {k: v for k, v in metadata.items() if k not in (MASTERING, LIGHT)}


def _mastering(data: bytes) -> str:
    """AVMasteringDisplayMetadata of libavutil as text; empty where it lacks a part."""
    numbers = struct.unpack_from("=22i", data)
    if not (numbers[20] and numbers[21]):
        return ""
    pairs = [(n, d or 1) for n, d in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
    red, green, blue, white = (tuple(round(n * 50000 / d) for n, d in pairs[k : k + 2]) for k in (0, 2, 4, 6))
    low, high = (round(n * 10000 / d) for n, d in pairs[8:10])
    return "G({},{})B({},{})R({},{})WP({},{})L({},{})".format(*green, *blue, *red, *white, high, low)
