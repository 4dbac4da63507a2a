"""A model of the user's own around a picture: shown what it was made for, whatever range the picture has."""

from __future__ import annotations

import numpy as np

from interneg.colour.working import to_luma, to_rgb
from interneg.engine import ONE_SIGMA, ToldEngine
from interneg.errors import KnobError
from interneg.frame import Pixels
from interneg.grain.noise import per_channel
from interneg.resize import cubic, reduce
from interneg.restore.trained import trust

_NEUTRAL = 1e-6
WHITE = 1.001
"""What a picture may reach and still be within 0..1: white that was rounded on its way."""

# The farthest that what a model makes of a squeezed picture is believed, in units of the encoding.
_FARTHEST = 2500.0

SCALES = (1, 2, 4)
"""How many times Denoise-SR enlarges."""


def scale_within(most: int) -> int:
    """The largest scale of Denoise-SR that a model serves which enlarges so many times."""
    return max(s for s in SCALES if s <= most)


def restored(engine: ToldEngine, given: Pixels, noise: tuple[Pixels, Pixels], scale: int) -> Pixels:
    """The picture that a model makes of one, (C, H * scale, W * scale) float32 in LOG_Y.

    given: (3, H, W) Y, Cb, Cr or (1, H, W) Y in LOG_Y, float32, finite, of any range. noise: the standard
    deviations of luma's and colour's noise, (H, W) float32 each, for a model that takes them.
    The model sees R, G, B (or Y) in 0..1. Where a picture leaves that, the model sees it a second time,
    squeezed into 0..1 by t / (1 + 2 |t|) around the middle, and what it makes of that is stretched again. Of
    a picture without colour it sees grey, and luma alone is taken. A model that enlarges by more than `scale`
    is reduced by the antialiased cubic kernel. Raises KnobError for one that enlarges by less, and what
    `engine.run` raises.
    """
    takes = engine.traits.takes
    _require_enlarges(engine, scale)
    coloured = len(given) == 3 and float(np.abs(given[1:]).max()) > _NEUTRAL
    luma_alone = not coloured or "Y" in takes
    seen = given[:1].copy() if luma_alone else given.copy()
    if not luma_alone:
        to_rgb(seen)
    luma, chroma = per_channel(*noise, 3 if coloured else 1)
    # Of the variance of R, G and B a third lies in luma and two in the colour differences.
    sigma = np.sqrt((luma * luma + 2 * chroma * chroma) / 3)
    made = _on_any_range(engine, takes, seen, sigma)
    made = np.stack([_fitted(plane, engine.scale, scale) for plane in made])
    if not luma_alone:
        to_luma(made)
        return made
    return np.stack([made[0], *(cubic(plane, scale) for plane in given[1:])])


def corrected(engine: ToldEngine, given: Pixels, net: Pixels, count: int, scale: int) -> Pixels:
    """The picture that a model makes of one that was trained from Interneg's own, as `restored` returns it.

    given: as for `restored`. net: (6, H, W) float32, what it sees, see `interneg.engine.CORRECTED`; count:
    how many planes of the picture are not all 0. Where the picture lies beyond the range that networks are
    trained in, it is enlarged and no more. Raises as `restored` does.
    """
    _require_enlarges(engine, scale)
    change = engine.run(net)
    trusted = trust(given[:count], net[:count], engine.scale)
    planes = [_fitted(cubic(plane, engine.scale), engine.scale, scale) for plane in given]
    for k in range(count):
        more = change[k] if trusted is None else change[k] * trusted
        planes[k] = planes[k] + _fitted(more, engine.scale, scale)
    return np.stack(planes)


def _require_enlarges(engine: ToldEngine, scale: int) -> None:
    if engine.scale < scale:
        raise KnobError(
            f"the model {engine.name} enlarges {engine.scale}x, and scale asks for {scale}x: set scale to at "
            f"most {scale_within(engine.scale)}, or take a model that enlarges more"
        )


def _on_any_range(engine: ToldEngine, takes: tuple[str, ...], seen: Pixels, sigma: Pixels) -> Pixels:
    """What a model makes of R, G, B or of grey of any range, (C, H, W) * its scale."""
    held = np.clip(seen, 0, 1)
    made = _run(engine, takes, held, sigma)
    share = trust(seen, np.clip(seen, 1 - WHITE, WHITE), engine.scale)
    if share is None:
        return made
    squeezed, slope = _squeezed(seen)
    far = _stretched(_run(engine, takes, squeezed, sigma * slope.mean(axis=0)))
    return far + share * (made - far)


def _run(engine: ToldEngine, takes: tuple[str, ...], seen: Pixels, sigma: Pixels) -> Pixels:
    """What a model makes of planes in 0..1: as many as it is given, one of grey being shown to all three."""
    count = sum(name in ("R", "G", "B", "Y") for name in takes)
    planes = np.empty((len(takes), *seen.shape[1:]), np.float32)
    planes[:count] = seen
    for plane, name in zip(planes[count:], takes[count:], strict=True):
        plane[:] = sigma.mean() if name == ONE_SIGMA else sigma
    made = engine.run(planes)
    if len(seen) == 1 and count == 3:
        to_luma(made)
        return made[:1]
    return made


def _squeezed(planes: Pixels) -> tuple[Pixels, Pixels]:
    """Planes of any range brought into 0..1, and the slope there; both smooth, and 0.5 stays."""
    away = planes - np.float32(0.5)
    width = 1 + 2 * np.abs(away)
    return 0.5 + away / width, 1 / (width * width)


def _stretched(planes: Pixels) -> Pixels:
    """Undo `_squeezed`; what a model draws at or beyond 0 and 1 is held to a finite value."""
    most = np.float32(_FARTHEST / (1 + 2 * _FARTHEST))
    away = np.clip(planes - np.float32(0.5), -most, most)
    return np.asarray(0.5 + away / (1 - 2 * np.abs(away)), np.float32)


def _fitted(plane: Pixels, made: int, wanted: int) -> Pixels:
    """A plane that was enlarged `made` times as one that was `wanted` times, with made >= wanted."""
    if made % wanted == 0:
        return reduce(plane, made // wanted)
    return reduce(cubic(plane, wanted), made)
