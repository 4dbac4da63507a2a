"""The frames of a window with their noise removed, each by itself, to judge motion and likeness by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.motion.flow import Looked
from interneg.node import View
from interneg.restore.trained import see

CLEANER = "denoise-sr-lite-x1"
"""The model that removes the noise: the fast one, at the frames' own size."""


def cleaned(
    view: View, settings: str, level: float, deviations: Callable[[Pixels, int], tuple[Pixels, Pixels]]
) -> Looked:
    """The frames as the network of `CLEANER` makes them, each once.

    settings: every setting that `deviations` depends on. level: of compression, 0..1. deviations: of the
    noise of luma and of colour in what is seen of the frame at an offset, (H, W) or (1, 1) float32 each. The
    planes are those of the view in LOG_Y; what the network does not see stays as it is.
    """
    engine = view.context.engines.open(CLEANER)
    name = f" of {engine.identity} 1 {settings} {level}"

    def planes(offset: int) -> Pixels:
        def made() -> Pixels:
            result = view.planes(offset, WorkingSpace.LOG_Y).copy()
            net = np.zeros((6, *result.shape[1:]), np.float32)
            count = see(result, net)
            net[3:5] = deviations(net[:count], offset)
            net[5] = level
            if count == 1:
                net[4] = 0
            result[:count] += engine.run(net)[:count]
            return result

        clean: Pixels = view.measure(f"clean{name}", made, offset)
        return clean

    return Looked(name, planes)
