"""What a series that flickers was meant to be in its middle, with events left out and fades followed.

Every way to explain a window is weighed by its likelihood, and the mean over all of them taken: the light is
level, straight or bent, through all frames or up to events; the flicker around it is of any size, and
new in each frame or alike over some. So where nothing tells, little is changed. (Bayesian model averaging;
Hoeting et al., Statistical Science 14, 1999.)
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from interneg.frame import Double
from interneg.light.explanations import Offsets, alike, bent, parted
from interneg.light.series import DARK, SIZES, Explanation, Seen

_FEWEST = 3
# How far, as a logarithm, flicker at one point of a picture may be of another size than over all of it.
_ALIKE = 0.25
# The negative logarithm of how likely an event is at keep = 0.5, of the light of whole pictures and of the
# rest.
_EVENT = (7.4, 7.0)
# An event of whole pictures stands out from the trend by about so many standard deviations of the flicker, or
# more, at keep = 0.5.
_STANDS_OUT = 4.0
# What bends, and events in parts of the picture, cost more where flicker is large, and from which size on
# to which that rises: flicker that stays alike over some frames looks like both. Of bends, those of the light
# of whole pictures, then the rest.
_HIDDEN_BEND, _BEND_BETWEEN = 20.0, ((0.13, 0.23), (0.02, 0.08))
_HIDDEN_EVENT, _EVENT_BETWEEN = 3.0, (0.02, 0.08)
# Flicker hardly ever is much larger than this.
_LARGE = 0.22
# What no series is free of: this much, in logarithms of light, is what measuring is off by, and no flicker.
# Of frames that are darker than others of their window so many times as much, at most.
_NOISE, _DARKER = 0.007, 4.0
# Up to this share of the window all frames count alike; so its mean wanders least with flicker that is slow.
_NEAR = 0.62
# A fade is nearly straight in one of these powers of light: it is made on a display, or in light.
_POWERS = (0.45, 1.0)
# How many events a window may have: of the light of whole pictures, and of the rest.
_EVENTS = (2, 1)
_TINY = 1e-9


def trend(
    values: Double,
    offsets: Offsets,
    reach: int,
    keep: float,
    trusted: Double | None = None,
    light: bool = False,
    darker: float = 0.0,
) -> tuple[Double, Double]:
    """Where the middle of a series was meant to be, and how far each value took part in that.

    values: (n, ...) float64 logarithms of light, 0 at offset 0. offsets: (n,), rising, within `reach`.
    keep: 0..1, how soon a change is an event, which stays; 0: never. trusted: (n,), 0..1, what the values
    count; None: all alike. light: whether they are the light of whole pictures, which fades; else they are
    differences from that, whose flicker is of about one size. darker: by how much the middle is darker than
    frames around it, 0 or above, in logarithms of light: so much more is what measuring is off by.
    Returns the meant value, (...), and the parts, (n, ...), 0..1; both go to 0 where the middle itself is an
    event.
    """
    flat = _NEAR * reach
    near = np.cos(np.pi / 2 * np.maximum(np.abs(offsets) - flat, 0) / (reach + 1 - flat))
    near = near if trusted is None else near * trusted
    if keep == 0:
        return np.average(values, axis=0, weights=near), np.ones(values.shape)
    if len(values) < _FEWEST:
        # Two levels: flicker, or a step?
        return np.zeros(values.shape[1:]), np.asarray(values == 0, np.float64)
    series = values.reshape(len(values), -1)
    models = _explained(series, offsets[:, None].astype(np.float64), near, keep, light)
    shares, known = _likely(models)
    if not light:
        known -= _unlike(known)
    known = np.exp(known - known.max(axis=1, keepdims=True))
    known /= known.sum(axis=1, keepdims=True)
    inside = np.concatenate([m.inside for m in models])
    shares *= inside[:, np.searchsorted(offsets, 0), None, None]
    share = np.einsum("hks,ks->hk", shares, known)
    noise = _NOISE * min(math.exp(darker), _DARKER)
    flicker = np.einsum("hks,ks->hk", shares, known * np.maximum(1 - np.square(noise / SIZES), 0))
    meant = np.einsum("hk,hk->k", flicker, np.concatenate([m.meant for m in models]))
    parts = np.einsum("hk,hn->nk", share, inside)
    return meant.reshape(values.shape[1:]), parts.reshape(values.shape)


def _likely(models: list[Explanation]) -> tuple[Double, Double]:
    """How likely each explanation is, (h, k, sizes), and the logarithm of how likely each size is."""
    costs = np.concatenate([m.cost + m.error[..., None] / (2 * SIZES**2) for m in models])
    costs += np.power(SIZES / _LARGE, 4)
    least = costs.min(axis=0)
    shares = np.exp(least - costs)
    total = shares.sum(axis=0)
    return shares / total, np.log(total) - least


def _unlike(known: Double) -> Double:
    """What each size costs, (sizes,), by how far it is from what all series tell together."""
    sizes, together = np.log(SIZES), known.mean(axis=0)
    shared = np.average(sizes, weights=np.exp(together - together.max()))
    return np.asarray(np.square((sizes - shared) / _ALIKE) / 2)


def _explained(values: Double, x: Double, near: Double, keep: float, light: bool) -> list[Explanation]:
    """All explanations of series, (n, k): level ones in the logarithm, others of light in its powers too."""
    kind = 0 if light else 1
    seldom = np.square(0.5 / keep)
    plain = _STANDS_OUT * seldom if light else 0.0
    events = _EVENTS[kind]
    dear = _EVENT[kind] * seldom + kind * _HIDDEN_EVENT * _rising(_EVENT_BETWEEN)
    bend = _HIDDEN_BEND * _rising(_BEND_BETWEEN[kind])
    seen = Seen(values, x, near, np.broadcast_to(near[:, None], values.shape))
    found = [parted(seen, dear, events, False, plain), *alike(seen, False)]
    if not light:
        return [*found, *_sloping(seen, dear, events, bend, plain)]
    around = np.concatenate([values[:1], values, values[-1:]])
    level = np.median(np.stack([around[:-2], around[1:-1], around[2:]]), axis=0)
    for power in _POWERS:
        # Flicker is a share of the light, but for what dark frames have of other errors.
        weights = near[:, None] / np.square(np.maximum(np.exp(power * level), DARK))
        made = _sloping(
            Seen(np.expm1(power * values) / power, x, near, weights, power), dear, events, bend, plain
        )
        found += [
            replace(
                m, meant=np.log(np.maximum(1 + power * m.meant, _TINY)) / power,
                cost=m.cost + np.log(len(_POWERS)),
            )
            for m in made
        ]  # fmt: skip
    return found


def _sloping(seen: Seen, event: Double, events: int, bend: Double, plain: float) -> list[Explanation]:
    return [parted(seen, event, events, True, plain), *alike(seen, True), *bent(seen, bend)]


def _rising(between: tuple[float, float]) -> Double:
    """0 for flicker of the first size, 1 for that of the second, (SIZES,)."""
    return np.interp(np.log(SIZES), np.log(between), (0.0, 1.0))
