"""Colour: an OpenColorIO configuration, and what Interneg asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from interneg.colour.file_spaces import FileSpace, space_of_file, tags_for, usual_light
from interneg.colour.log_encoding import LogEncoding, find_log_encoding
from interneg.colour.spaces import Spaces
from interneg.colour.transform import Step, Transform, in_chunks, round_trip_loss
from interneg.colour.working import WorkingSpace, to_luma, to_rgb
from interneg.errors import ColourError
from interneg.frame import Pixels

__all__ = ["Colour"]


class Colour(Spaces):
    """An OpenColorIO configuration: spaces of files, ways into and out of working spaces.

    Safe to use from several threads. How spaces are named and what is raised is said at `Spaces`.
    """

    def __init__(self, config: str | None = None) -> None:
        """Open a configuration; as `Spaces`."""
        super().__init__(config)
        self._logs: dict[str, LogEncoding] = {}
        self._reversible: set[str] = set()
        self._tags: dict[str, dict[str, Any]] = {}

    def space_of(
        self, path: str, metadata: Mapping[str, Any], depth: str = "", override: str | None = None
    ) -> FileSpace:
        """Say which colour space the colour channels of a file are in, and why; see `space_of_file`."""
        return space_of_file(self, path, metadata, depth, override)

    def usual_light(self) -> list[str]:
        """The names of the spaces that comps, renders and plates are most often in; see `usual_light`."""
        return usual_light(self)

    def tags(self, space: str) -> dict[str, Any]:
        """The metadata by which files say this colour space; see `tags_for`."""
        name = self.resolve(space)
        if name not in self._tags:
            self._tags[name] = tags_for(self, name)
        return dict(self._tags[name])

    def enter(self, pixels: Pixels, space: str, working: WorkingSpace, out: Pixels | None = None) -> Pixels:
        """Bring a picture into a working space.

        pixels: (3, H, W) R, G, B or (1, H, W) grey, float32, any strides, any range, in the colour space
            `space`. Grey is treated as R = G = B and comes back as one plane: light, its encoding or Y.
            In LOG_RGB and LOG_Y light goes through the log of `log_encoding`, deep negatives folded (see
            `working.fold`). Any log, the picture's own too, is spread so that light of 0 and 1 are codes 0
            and 1, as they are in video: networks see the same contrast in both. Any other picture keeps its
            own transfer, unchanged.
        out: as for `leave`.
        Returns (C, H, W) float32, a new C-contiguous array: R, G, B, or Y, Cb, Cr for LOG_Y. A pixel depends
        on itself alone; NaN and inf stay in their pixel.
        """
        if working is WorkingSpace.LINEAR_RGB:
            return self._linear(space)[0](pixels, out)
        steps = list(self._log(space).enter)
        if working is WorkingSpace.LOG_Y and len(pixels) == 3:
            steps.append(to_luma)
        return in_chunks(tuple(steps), pixels, out)

    def leave(self, planes: Pixels, space: str, working: WorkingSpace, out: Pixels | None = None) -> Pixels:
        """Bring a picture out of a working space: the inverse of `enter`.

        planes: as `enter` returns them, any strides. out: (C, H, W) float32 of any strides to write to (the
        colour planes of an interleaved picture, say), not overlapping `planes`; by default a new array.
        Returns (C, H, W) float32 in the colour space `space`.

        An untouched picture comes back within 2e-5 of the largest value in each pixel over 1e-4..1e4.
        """
        if working is WorkingSpace.LINEAR_RGB:
            return self._linear(space)[1](planes, out)
        steps: list[Step] = []
        if working is WorkingSpace.LOG_Y and len(planes) == 3:
            steps.append(to_rgb)
        steps += self._log(space).leave
        return in_chunks(tuple(steps), planes, out)

    def log_encoding(self, space: str) -> str:
        """Say in words what LOG_RGB and LOG_Y are for pictures in this colour space."""
        return self._log(space).description

    def _linear(self, space: str) -> tuple[Transform, Transform]:
        there, back = self.transform(space, "scene_linear"), self.transform("scene_linear", space)
        if space not in self._reversible:
            codes = np.linspace(0, 1, 65, dtype=np.float32)
            if np.median(round_trip_loss(there, back, codes)) > 1e-3:
                raise ColourError(
                    f"'{space}' cannot be converted to scene_linear and back without loss in {self.name}; "
                    "choose another input colour space, or use a node that works in log"
                )
            self._reversible.add(space)
        return there, back

    def _log(self, space: str) -> LogEncoding:
        name = self.resolve(space)
        if name not in self._logs:
            self._logs[name] = find_log_encoding(self, name)
        return self._logs[name]
