"""What a network over time sees: the average of a window, its own frame, and each of its neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.frame import Pixels
from interneg.restore.trained import see

OVER_TIME = "denoise-sr-temporal-x1"
"""The model that sees a stack."""

NEIGHBOURS = (-1, 1, -2, 2)
"""The offsets of the frames that are seen beside the own one, in the order of their planes."""
PLANES = 11 + 4 * len(NEIGHBOURS)
"""How many planes that are."""


class Stack(NamedTuple):
    """(PLANES, H, W) float32, in the units of LOG_Y, in this order.

    0..5: Y, Cb, Cr of the average, the deviations of the noise left in its luma and its colour, and the level
    of compression: what a network sees of one frame, so that one can begin as the other. 6..10: Y, Cb, Cr of
    the own frame, and the deviations of its noise. From 11 on, of each of NEIGHBOURS: its Y, Cb, Cr brought
    onto the own frame, and how much it counts in the average, 0..1. A neighbour that is not there is the own
    frame, which counts 0.
    """

    planes: Pixels

    @classmethod
    def of(cls, seen: Pixels) -> Stack:
        """A stack of one frame without neighbours. seen: (6, H, W), what a network sees of that frame."""
        planes = np.empty((PLANES, *seen.shape[1:]), np.float32)
        planes[:6] = seen
        planes[6:11] = seen[:5]
        for at in range(11, PLANES, 4):
            planes[at : at + 3] = seen[:3]
            planes[at + 3] = 0
        return cls(planes)

    def add(self, offset: int, brought: Pixels, weight: Pixels) -> None:
        """Put in a neighbour: (3, H, W) or (1, H, W) planes brought onto the own frame, weight (H, W)."""
        at = 11 + 4 * NEIGHBOURS.index(offset)
        self.planes[at : at + 3] = 0
        see(brought, self.planes[at : at + 3])
        self.planes[at + 3] = weight

    @property
    def alone(self) -> bool:
        """Whether no neighbour shows what the own frame shows."""
        return not self.planes[14::4].any()
