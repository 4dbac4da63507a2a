"""Steps of size: what a measurement says of one frame alone, and no gate does."""

from __future__ import annotations

import numpy as np

from interneg.motion.whole_path import Way

# A change of size of so much from one frame to the next, beside those around, or so many times what is usual,
# is a step: something near that grew, or a splice. So many frames on each side are around.
_STEP, _TIMES, _AROUND = 0.004, 8.0, 3


def steps_of(zooms: Way) -> Way:
    """What steps add up to in each frame, (N,) float64, 0 where there is none.

    zooms: the logarithm of the size of each frame, in order, (N,); finite. A step stays: a frame that is
    larger than those on both sides has none, it is weave. What is smoothed is the way without the steps,
    which are added again: no picture is blown up over frames because of one wrong measurement.
    """
    found = np.zeros(len(zooms))
    changes = np.diff(zooms)
    if len(changes) < 3:
        return found
    around = [changes[max(0, k - _AROUND) : k + _AROUND + 1] for k in range(len(changes))]
    beyond = changes - [float(np.median(near)) for near in around]
    least = max(_STEP, _TIMES * float(np.median(np.abs(beyond))))
    for k in np.flatnonzero(np.abs(beyond) > least):
        near = beyond[max(0, k - 2) : k + 3]
        if abs(near.sum()) > least / 2 and np.sign(near.sum()) == np.sign(beyond[k]):
            found[k + 1 :] += beyond[k]
    return found
