"""What a network over time sees: the average of a window, its own frame, and each of its neighbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.frame import Pixels
from interneg.restore.trained import see

# OpenCV is imported where it is used: what only lists nodes never loads it.

OVER_TIME = "denoise-sr-temporal-x1"
"""The model that sees a stack."""

NEIGHBOURS = (-1, 1, -2, 2)
"""The offsets of the frames that are seen beside the own one, in the order of their planes."""
PLANES = 11 + 4 * len(NEIGHBOURS)
"""How many planes that are."""


# Where neighbours count so much together, on average over an area, the network over time is enough.
_ENOUGH, _AREA, _STEP = np.float32(0.1), 16.0, 8


class Stack(NamedTuple):
    """(PLANES, H, W) float32, in the units of LOG_Y, in this order once it is `finished`.

    0..5: Y, Cb, Cr of the average, the deviations of the noise left in its luma and its colour, and the level
    of compression: what a network sees of one frame, so that one can begin as the other. 6..10: by how much
    Y, Cb, Cr of the own frame differ from the average, and the deviations of its noise. From 11 on, of each
    of NEIGHBOURS: by how much its Y, Cb, Cr, brought onto the own frame, differ from the average, times how
    much it counts there; and that, 0..1. So nothing is seen of what does not count, or is not there.
    """

    planes: Pixels

    @classmethod
    def of(cls, seen: Pixels) -> Stack:
        """A stack without neighbours. seen: (6, H, W), what a network sees of the own frame."""
        planes = np.zeros((PLANES, *seen.shape[1:]), np.float32)
        planes[6:11] = seen[:5]
        return cls(planes)

    def add(self, offset: int, brought: Pixels, weight: Pixels) -> None:
        """Put in a neighbour: (3, H, W) or (1, H, W) planes brought onto the own frame, weight (H, W)."""
        at = 11 + 4 * NEIGHBOURS.index(offset)
        see(brought, self.planes[at : at + 3])
        self.planes[at + 3] = weight

    def finished(self, average: Pixels) -> Pixels:
        """The planes, once all neighbours are in. average: (6, H, W), what a network sees of the average."""
        planes = self.planes
        planes[:6] = average
        planes[6:9] -= average[:3]
        for at in range(11, PLANES, 4):
            planes[at : at + 3] -= average[:3]
            planes[at : at + 3] *= planes[at + 3]
        return planes

    def share(self) -> Pixels:
        """How much of what a network makes of the stack is to be used, 0..1: (H, W) float32, smooth.

        0 in areas, some 50 pixels wide, where no neighbour counts, as on water: what a network of one frame
        makes of the average is to be used there, which is then the frame itself.
        """
        import cv2

        counted = self.planes[14::4].sum(axis=0)
        height, width = counted.shape
        size = (-(-width // _STEP), -(-height // _STEP))
        small = cv2.resize(counted, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), _AREA / _STEP)
        share = np.minimum(small / _ENOUGH, 1)
        return np.asarray(cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
