"""One attribute of an image file, to the value that a frame's metadata holds and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import OpenImageIO as oiio

from interneg.errors import OutputError
from interneg.io.attributes import Typed
from interneg.io.formats import IMAGES, ImageFormat
from interneg.texts import is_utf8, raw

__all__ = ["EXR_STRAIGHT", "OF_THIS_FILE", "attributes_of", "set_attribute", "texts_of"]

EXR_STRAIGHT = "unassociatedAlpha"
"""EXR attribute of ours for `STRAIGHT`, which OpenImageIO does not write there."""

OF_THIS_FILE = (
    "openexr:chunkCount",
    "oiio:subimages",
    "oiio:subimagename",
    "oiio:RowsPerChunk",
    "PixelAspectRatio",
    "Exif:PixelXDimension",
    "Exif:PixelYDimension",
)
"""Attributes that describe how this one file is laid out, or that the frame carries elsewhere."""

_SCALARS: dict[str, type] = {"uint": np.uint32, "double": np.float64, "int64": np.int64, "uint64": np.uint64}
_WRITTEN_AS = tuple(pair for kind in IMAGES for pair in kind.written_as)


def attributes_of(spec: Any) -> Iterator[tuple[str, Any]]:
    """The names and values of a header's attributes, but for those of `OF_THIS_FILE` and thumbnails.

    spec: an OpenImageIO.ImageSpec. One string, int or float is a plain value, another number a NumPy scalar
    of its type, and all else `Typed`. Names are those that the frame had, not those of `written_as`.
    """
    for attribute in spec.extra_attribs:
        if attribute.name in OF_THIS_FILE or attribute.name.startswith("thumbnail_"):
            continue
        kind, value, name = str(attribute.type), attribute.value, attribute.name
        for ours, written in _WRITTEN_AS:
            if name.startswith(written):
                name = name.replace(written, ours, 1)
        if isinstance(value, (list, tuple, np.ndarray, bytes)):
            yield name, Typed(kind, tuple(v.item() if hasattr(v, "item") else v for v in value))
        else:
            yield name, _SCALARS[kind](value) if kind in _SCALARS else value


def texts_of(spec: Any) -> dict[str, str]:
    """The attributes of a header, an OpenImageIO.ImageSpec, that are text."""
    return {a.name: a.value for a in spec.extra_attribs if isinstance(a.value, str)}


def set_attribute(spec: Any, name: str, value: Any, kind: ImageFormat) -> None:
    """Put one value of a frame's metadata into the header of a file to write; undoes `attributes_of`.

    spec: an OpenImageIO.ImageSpec. value: a string, a number, `Typed`, or a tuple or list of numbers.
    Text that is not UTF-8 is written with the bytes that it came with. OpenImageIO takes none in one text of
    several, where "\\xfc" stands for such a byte, and none in a name: what has one is left out. Raises
    OutputError for any other.
    """
    if not is_utf8(name):
        return
    for ours, written in kind.written_as:
        if name.startswith(ours):
            name = name.replace(ours, written, 1)
    base = value.type.partition("[")[0] if isinstance(value, Typed) else ""
    if base in ("uint8", "int8", "uint16", "int16"):
        spec.attribute(name, _type_desc(value.type), np.array(value, base))
    elif isinstance(value, Typed) and base == "string":
        spec.attribute(
            name, _type_desc(value.type), tuple(raw(v).decode("utf-8", "backslashreplace") for v in value)
        )
    elif isinstance(value, Typed):
        spec.attribute(name, _type_desc(value.type), tuple(value))
    elif isinstance(value, np.generic) and not kind.number_types:
        plain = value.item()
        fits = isinstance(plain, float) or -(2**31) <= plain < 2**31
        spec.attribute(name, plain if fits else str(plain))
    elif isinstance(value, np.generic):
        scalar = next((k for k, t in _SCALARS.items() if isinstance(value, t)), None)
        described = (oiio.TypeDesc(scalar),) if scalar else ()
        spec.attribute(name, *described, value.item())
    elif isinstance(value, str) and not is_utf8(value):
        spec.attribute(name, raw(value))
    elif isinstance(value, (str, int, float)):
        spec.attribute(name, value)
    elif isinstance(value, (tuple, list)) and all(isinstance(v, (int, float)) for v in value):
        number = "int" if all(isinstance(v, int) for v in value) else "float"
        spec.attribute(name, oiio.TypeDesc(f"{number}[{len(value)}]"), tuple(value))
    else:
        raise OutputError(f"the attribute {name} is a {type(value).__name__}, which no image file can hold")


def _type_desc(name: str) -> Any:
    base, _, count = name.partition("[")
    if base == "vector2i":  # OpenImageIO prints the type of an integer pair or box but does not parse it
        return oiio.TypeDesc(oiio.INT, oiio.VEC2, oiio.VECTOR, int(count.rstrip("]") or 0))
    return oiio.TypeDesc(name)
