"""Attributes of files as frames carry them in their metadata: names that several rooms use, and one type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ORIENTATION", "PART", "STRAIGHT", "TILES", "Typed", "colour_model"]

ORIENTATION = "Orientation"
"""How rows and columns of a file lie in the picture: EXIF's number, 1 for upright."""

PART = "oiio:subimage"
"""Metadata key: the place of a frame's part in its file, from 0."""

STRAIGHT = "oiio:UnassociatedAlpha"
"""Metadata key: 1 where colour is not multiplied by alpha."""

TILES = "tiles"
"""Metadata key: width and height of the tiles of an EXR or TIFF, in pixels."""


_MODELS = {"CMYK": "CMYK", "YCbCrK": "CMYK", "CIELAB": "CIE L*a*b*", "ICCLAB": "CIE L*a*b*"}


def colour_model(metadata: Mapping[str, Any]) -> str:
    """What the samples of a file are where R, G, B are not the same in other words: "CMYK", say; else "".

    metadata: as OpenImageIO names attributes; it gives such samples as R, G, B.
    """
    return _MODELS.get(str(metadata.get("tiff:ColorSpace") or metadata.get("jpeg:ColorSpace")), "")


class Typed(tuple[Any, ...]):
    """Several numbers or strings, with the type that they have in a file, as OpenImageIO names it."""

    type: str

    def __new__(cls, type: str, values: tuple[Any, ...]) -> Typed:
        """type: as OpenImageIO names it, such as "float[4]". values: one for each element."""
        made = super().__new__(cls, values)
        made.type = type
        return made

    def __getnewargs__(self) -> tuple[str, tuple[Any, ...]]:
        return self.type, tuple(self)
