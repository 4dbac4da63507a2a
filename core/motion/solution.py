"""What is done to one frame of an unsteady shot, and doing it: a resampling, and what stands at its edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from interneg.frame import Pixels
from interneg.motion.edges import filled
from interneg.motion.resample import PlaneKind, origin, resampled
from interneg.motion.similarity import Motion
from interneg.motion.warp import spread


@dataclass(frozen=True, eq=False)
class Solution:
    """What is done to one frame: `bend`, if any, and then `motion`.

    motion: from where the picture is to where it belongs. bend: None, or (h, w, 2) float32, see
    `warp.Buckled`.
    track: where its places lie in the frames around, by offset, see `weave.track`.
    """

    motion: Motion
    bend: Pixels | None
    track: Mapping[int, Motion] = field(default_factory=dict)

    def moved(
        self,
        planes: Pixels,
        kind: PlaneKind,
        edges: str,
        amount: float | Pixels = 1.0,
        aspect: float = 1.0,
        neighbour: Callable[[int], Pixels] | None = None,
    ) -> Pixels:
        """The planes where they belong, and what stands beyond their edges.

        planes: (C, H, W) float32, all of one kind, of any colour space; NaN and inf stay in their pixel.
        edges: "mirror", "reveal" (nothing: 0), "fill" (from frames around), or anything else to repeat the
        edge. amount: how much of the way is gone, 0..1, (H, W) or one number. aspect: how many times as wide
        as high a pixel is. neighbour: the same planes of the frame at an offset, which "fill" takes from;
        None repeats the edge. Returns new planes of the same shape.
        """
        size = planes.shape[1:]
        bent = None if self.bend is None else spread(self.bend, size)
        at = origin(size, self.motion, bent, amount, edges == "mirror", aspect)
        made = resampled(planes, at, kind)
        if edges == "reveal":
            made *= 1 - (np.rint(at.outside) if kind is PlaneKind.LABEL else at.outside)
        elif edges == "fill" and neighbour is not None:
            filled(made, at, self.track, neighbour, kind)
        return made
