"""The way from the input's colour space to the output's, and the tags by which the output says it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from interneg.colour import Colour
from interneg.colour.tags import OWN, TAGS
from interneg.errors import ColourError, UsageError
from interneg.frame import Frame
from interneg.io.formats import image_format, is_movie
from interneg.io.hdr import without_light

log = logging.getLogger("interneg")

_CARRIED = {
    "openexr": (OWN, *(t for t in TAGS if t != "CICP")),
    "png": (OWN, "CICP", "oiio:ColorSpace"),
    "dpx": ("dpx:Transfer", "dpx:Colorimetric"),
}
"""The tags that survive in each image format; in movies "cicp:..." do, in all others none."""

_WRITTEN = {
    "openexr": ("oiio:ColorSpace", "colorInteropID", "chromaticities"),
    "png": ("CICP", "oiio:ColorSpace"),
    "dpx": ("dpx:Transfer", "dpx:Colorimetric"),
}
"""Those of them by which a format says a space best."""

_MOVIE = ("cicp:primaries", "cicp:transfer", "cicp:matrix")


class Delivery:
    """Brings frames into the output's colour space and tags them so; safe to use from several threads."""

    def __init__(self, colour: Colour, source: str, space: str, path: Path) -> None:
        """source, space: of the input and of the output. path: of an output file; its kind counts.

        Raises ColourError where there is no way between the spaces, and UsageError for scene-linear light in
        a movie, but for the few that movies have a tag for.
        """
        self._colour, self._space = colour, space
        if source != space:
            colour.transform(source, space)
        if is_movie(path) and colour.is_scene_linear(space) and "CICP" not in colour.tags(space):
            raise UsageError(
                f"{path}: the picture is in '{space}', which is scene-linear; a movie would clip its "
                "highlights and cannot say so. Name a display or log space with --output-space (or with "
                "--input-space, if the input is really in another), or write EXR"
            )
        self._told = False
        self._lock = threading.Lock()

    def __call__(self, frame: Frame, path: Path) -> Frame:
        """The frame and its parts as they go to `path`; alpha and AOVs stay as they are.

        Tags stay where they say the right space. Where `path` cannot be made to say it, this is logged once.
        """
        parts = tuple(self._converted(p, frame.colour_space) for p in frame.parts)
        made = replace(self._converted(frame, frame.colour_space), parts=parts)
        if frame.colour_space != self._space or self._says(made.metadata, frame, path) != self._space:
            made = replace(self._tagged(made, path), parts=tuple(self._tagged(p, path) for p in made.parts))
            self._tell(made, path)
        return made

    def _converted(self, frame: Frame, source: str) -> Frame:
        planes = list(frame.colour_channels)
        if not planes or source == self._space:
            return replace(frame, colour_space=self._space)
        pixels = frame.pixels.copy(order="K")
        pixels[planes] = self._colour.transform(source, self._space)(frame.pixels[planes])
        converted = frame.with_pixels(pixels, colour_space=self._space)
        return replace(converted, metadata=without_light(frame.metadata))

    def _tagged(self, frame: Frame, path: Path) -> Frame:
        if not frame.colour_channels:
            return frame
        kept = {k: v for k, v in frame.metadata.items() if k.partition(":")[0] != "ICCProfile"}
        for tag in TAGS:
            kept.pop(tag, None)
        kind = image_format(path)
        names = _MOVIE if kind is None else _WRITTEN.get(kind.name, ())
        tags = {k: v for k, v in self._colour.tags(self._space).items() if k in names}
        return replace(frame, metadata={**kept, **tags})

    def _says(self, metadata: Mapping[str, Any], frame: Frame, path: Path) -> str:
        """The space that a file with this metadata will be taken to be in; empty where that fails."""
        kind = image_format(path)
        names = _MOVIE if kind is None else _CARRIED.get(kind.name, ())
        carried = {k: v for k, v in metadata.items() if k in names}
        depth = frame.depth[0] if kind is None else kind.depths.get(frame.depth[0], frame.depth[0])
        try:
            return self._colour.space_of(str(path), carried, depth).space
        except ColourError:
            return ""

    def _tell(self, frame: Frame, path: Path) -> None:
        with self._lock:
            first, self._told = not self._told, True
        if not first:
            return
        kind = image_format(path)
        own = {OWN: self._space} if kind is not None and OWN in _CARRIED.get(kind.name, ()) else {}
        says = self._says({**frame.metadata, **own}, frame, path)
        if not says or not self._colour.alike(says, self._space):
            label = "movies of this type" if kind is None else kind.label
            log.warning(
                "%s: %s cannot say that the picture is in '%s'; read it back with --input-space '%s' "
                "(told once for this output)",
                path, label, self._space, self._space,
            )  # fmt: skip
