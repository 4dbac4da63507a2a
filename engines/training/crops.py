"""Random crops of the clean pictures, and their reduction by the super-resolution protocol."""

import torch
from torch import Tensor

from interneg.engines.training import colour
from interneg.engines.training.dice import Dice
from interneg.engines.training.resample import resize
from interneg.engines.training.tiles import Tiles, cut

_ORDERS = ([0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])
"""Orders of R, G and B that crops are drawn in: colours that the pictures lack."""


def crops(
    tiles: Tiles, scale: int, size: int, count: int, dice: Dice, log: float, tries: int = 1
) -> tuple[Tensor, Tensor]:
    """Reduced and full RGB of random crops; a share ``log`` of the batches is log-encoded.

    Of ``tries`` crops per sample the most detailed is taken: flat ones teach an enlarger little.
    Returns (count, 3, size, size) and (count, 3, size * scale, size * scale) float32, codes of 0..1 in sRGB
    or, log-encoded, as ``log_encoded`` gives them; both are the same tensor at a scale of 1.
    """
    number = tiles.train[dice.below(count * tries, len(tiles.train))]
    limit = tiles.full[scale].shape[1] - size + 1
    top, left = dice.below(count * tries, limit), dice.below(count * tries, limit)
    if tries > 1:
        number, top, left = (c.view(count, tries) for c in (number, top, left))
        best = tiles.busiest(number, top * scale, left * scale, size * scale)[:, None]
        number, top, left = (c.gather(1, best)[:, 0] for c in (number, top, left))
    channels = _ORDERS[dice.whole(len(_ORDERS))]
    full = cut(tiles.full[1], number, top * scale, left * scale, size * scale)[:, channels]
    if dice.number() < log:
        full = log_encoded(full, dice)
        return resize(full, size, size, "bicubic") if scale > 1 else full, full
    return cut(tiles.full[scale], number, top, left, size)[:, channels] if scale > 1 else full, full


def log_encoded(rgb: Tensor, dice: Dice) -> Tensor:
    """The same scene at an exposure of -2..+4 stops in ACEScct, spread as the LOG working spaces are.

    Light of 0 and 1 are codes 0 and 1; four stops above are 1.46. With film-like dither.
    rgb: (N, 3, H, W) float32, sRGB codes of 0..1. Returns the same shape.
    """
    count = len(rgb)
    exposure = torch.exp2(dice.uniform(count, -2.0, 4.0))[:, None, None, None]
    dithered = rgb + (dice.normal(*rgb.shape) * (0.3 / 255))
    return colour.linear_to_log(colour.srgb_to_linear(dithered.clamp(min=0.0)) * exposure)
