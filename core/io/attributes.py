"""Attributes of files as frames carry them in their metadata: names that several rooms use, and one type."""

from __future__ import annotations

from typing import Any

__all__ = ["PART", "STRAIGHT", "TILES", "Typed"]

PART = "oiio:subimage"
"""Metadata key: the place of a frame's part in its file, from 0."""

STRAIGHT = "oiio:UnassociatedAlpha"
"""Metadata key: 1 where colour is not multiplied by alpha."""

TILES = "tiles"
"""Metadata key: width and height of the tiles of an EXR or TIFF, in pixels."""


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
