"""The texture of a picture's flattest places, where grain is seen best, before and after."""

from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.grain.spectrum import BLOCK, radial, transform

_SHARE = 0.1
"""Of the blocks of a picture, those that vary least."""


def quiet_spectra(before: Pixels, after: Pixels) -> Pixels | None:
    """Power over spatial frequency, of the same places before and after, (2, RINGS); see `grain.spectrum`.

    before, after: (H, W) float32 of one shape, in any unit, finite. The places are the tenth of the blocks of
    64 pixels that varies least before; None where the picture has no block.
    """
    height, width = (size // BLOCK * BLOCK for size in before.shape)
    if before.shape != after.shape or not height or not width:
        return None
    blocks = np.stack([_blocks(plane[:height, :width]) for plane in (before, after)])
    blocks -= blocks.mean(axis=(-2, -1), keepdims=True)
    varies = np.square(blocks[0]).mean(axis=(-2, -1))
    quiet = np.argsort(varies, kind="stable")[: max(1, round(_SHARE * len(varies)))]
    power = np.square(np.abs(transform(blocks[:, quiet]))).mean(axis=1)
    return radial(np.asarray(power, np.float32))


def _blocks(plane: Pixels) -> Pixels:
    rows, columns = (size // BLOCK for size in plane.shape)
    cut = plane.reshape(rows, BLOCK, columns, BLOCK).transpose(0, 2, 1, 3)
    return np.array(cut.reshape(-1, BLOCK, BLOCK))
