"""What the networks add to a picture, without what they do to level and colour unasked."""

from __future__ import annotations

import numpy as np

from interneg.engine import EngineSource
from interneg.frame import Pixels
from interneg.resize import cubic, reduce
from interneg.restore.codec_colour import deblock_colour
from interneg.restore.coding import coding_noise
from interneg.restore.colour import keep_colour
from interneg.restore.level import keep_level
from interneg.restore.stack import OVER_TIME, Stack

# A network that is told of more noise than this lifts the level of dark parts.
_STRONG = 10 / 255


def correction(
    engines: EngineSource,
    model: str,
    net: Pixels,
    stack: Stack | None,
    given: Pixels,
    count: int,
    scale: int,
    level: float,
) -> Pixels:
    """The correction of luma and colour, (3, H, W) * scale float32 in LOG_Y.

    model: sees `net`, (6, H, W): Y, Cb, Cr, the deviations of luma's and colour's noise, the level of coding.
    stack: what the network over time sees beside it, None to leave it out. given: (C, H, W) float32, what the
    correction is added to; count: how many planes of it are not all 0. level: of compression, see
    `coding_noise`. Raises EngineError as `engines` does.
    """
    share = stack.share() if stack else np.zeros((1, 1), np.float32)
    if share.min() < 1:
        made = engines.open(model).run(net)
    if stack and share.any():
        seen = engines.open(OVER_TIME).run(stack.finished(net))
        made = seen if share.min() == 1 else made + share * (seen - made)
    if scale == 1 and (level or net[3:5].max() > _STRONG):
        keep_level(made)
    if scale == 1 and count == 3:
        made = keep_colour(made, given, np.hypot(net[4], np.float32(coding_noise(level))))
    if level and count == 3:
        # A network that is trained for luma above all leaves most of the blocks and spots of colour.
        own = np.stack([reduce(plane, scale) for plane in made])
        changes = deblock_colour(net[:3] + own, own[1:], level)
        for plane, change in zip(made[1:], changes, strict=True):
            plane += cubic(change, scale)
    return made
