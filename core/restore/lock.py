"""The fidelity lock: a result that, reduced, is the picture it was made from to within a bound."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.resize import cubic, hold, reduce

_STEPS = 12
_HEADROOM = 0.5


def lock(plane: Pixels, given: Pixels, scale: int, bound: Pixels) -> None:
    """Project a plane in place until, reduced, it lies within `bound` of the one it was made from.

    plane: (H * scale, W * scale) float32; given: (H, W), in the same encoding; bound: (H, W) or (1, 1), 0 or
    more, in its units; all are finite. Without enlarging it is a limit; else it is met nearly, by iterated
    back-projection of what exceeds it (Irani and Peleg, 1991), held in the range of the pixels around.
    """
    if scale == 1:
        np.clip(plane, given - bound, given + bound, out=plane)
        return
    for _ in range(_STEPS):
        apart = given - reduce(plane, scale)
        plane += cubic(apart - np.clip(apart, -bound, bound), scale)
        hold(plane, given, scale, _HEADROOM, doubt=np.inf)
