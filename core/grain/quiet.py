"""The shape of grain, its spectrum and how alike channels are, from the quietest of many blocks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels
from interneg.grain.directions import directions
from interneg.grain.spectrum import (
    BLOCK,
    COUNTS,
    FREEDOM,
    RADII,
    RINGS,
    SLANTED,
    TWICE,
    frequencies,
    mean_power,
    radial,
    spread,
)

SLANTS = (0.12, 0.25, 0.37, 0.5)
"""Cycles per pixel between which diagonal detail is compared with upright and level detail."""

# In each band of rings, the quietest blocks are looked for: such shares of all, and no fewer than so many.
_BANDS = (0, 3, 5, 8, 12, 20, RINGS)
_SHARES, _FEWEST = (0.03, 0.12, 0.25, 0.5), 8
# Where the quietest 12 % show up to 3 % more than the quietest 3 %, both show grain; from 18 % on, picture.
_AGREED = (1.03, 1.18)
# For the verdict that nothing is flat, this much more is allowed.
_ALLOWED = (1.2, 1.6)
# Cycles per pixel below which a picture alone hides its grain, until more is known.
_FINE = 0.12
# How steeply frequencies in which picture shows count less.
_STEEP = 30.0
# Rings below which film has no more power than those above say: 0.125 cycles per pixel.
_LARGE = 8
# Of the quietest blocks over all frequencies, one of these shares shows how alike channels are: that in which
# they are least, as picture is alike in all.
_ALIKE = (0.06, 0.12, 0.25)
_LEAST = 1e-20


@dataclass(frozen=True, eq=False)
class Shape:
    """What grain is like, apart from its strength.

    power: (C, RINGS), mean 1 over the square band. correlation: (C, C). gain: (RINGS,), 0..1, how much the
    frequencies count where strength is measured: little where picture shows in most blocks. trust: (bands,)
    0..1, from low to high frequencies, whether blocks were found that show no picture. directions: as
    `interneg.grain.directions` has them.
    """

    power: Pixels
    correlation: Pixels
    gain: Pixels
    trust: Pixels
    sure: float
    slant: Pixels
    directions: Pixels | None = None

    @classmethod
    def white(cls, channels: int, fine: bool) -> Shape:
        """What is assumed of grain that nothing is known of. fine: by high frequencies alone."""
        ones = np.ones(RINGS, np.float32)
        gain = 1 - np.exp(-((frequencies() / _FINE) ** 4)) if fine else ones
        return cls(
            np.tile(ones, (channels, 1)),
            np.eye(channels, dtype=np.float32),
            gain,
            ones[:0],
            1.0,
            np.ones((channels, len(SLANTS) - 1), np.float32),
        )

    @property
    def passed(self) -> Pixels:
        """The gain at each coefficient of a transform, (H, W)."""
        return np.asarray(spread(self.gain[None])[0], np.float32)


class Rings:
    """Radial spectra, (M, C, RINGS), and transforms, of blocks."""

    def __init__(self, grain: npt.NDArray[np.complex64], power: Pixels | None = None) -> None:
        self.grain = grain
        self.power: Pixels = radial(np.square(np.abs(grain))) if power is None else power

    def chosen(self, which: npt.NDArray[np.bool_]) -> Rings:
        """Those of some of the blocks. which: (M,) bool."""
        return Rings(self.grain[which], self.power[which])


def shape(plate: Rings, expected: Pixels, chance: Rings, guess: Shape) -> Shape:
    """The shape of the grain of a plate's blocks, a better one than the guess.

    expected: (M, C), the variance that grain has at each block's levels. chance: blocks of pure grain of the
    guessed shape, with a variance of 1: what they show for being the quietest is what the plate's quietest
    blocks are compared with.
    """
    even = np.asarray(plate.power / np.maximum(expected, _LEAST)[..., None] / guess.power, np.float32)
    alone = np.asarray(chance.power / guess.power, np.float32)
    freedom = np.asarray(FREEDOM, np.float32)
    bands = [_band(even[..., a:b], alone[..., a:b], freedom[a:b]) for a, b in pairwise(_BANDS)]
    found, agreed = np.concatenate([b[0] for b in bands], -1), np.array([b[1] for b in bands])
    trust = _fall(agreed, *_AGREED)
    typical = np.median(even, 0) / np.median(alone, 0)
    gain = 1 / (1 + _STEEP * np.maximum(typical / np.maximum(found, _LEAST) - 1, 0).mean(0))
    power = _smooth(_settled(guess.power * found, trust))
    ones = np.ones_like(expected[:1])
    more = [
        _alike(plate, expected, even * gain, guess.passed, share)
        - _alike(chance, ones, alone * gain, guess.passed, share)
        for share in _ALIKE
    ]
    alike = guess.correlation + min(more, key=np.sum)
    np.fill_diagonal(alike, 1)
    flat = plate.grain[_quietest((even * gain * FREEDOM).mean((1, 2)), _ALIKE[-1])]
    return Shape(
        np.asarray(power / mean_power(power)[:, None], np.float32),
        np.asarray(np.clip(alike, -1, 1), np.float32),
        np.asarray(gain, np.float32),
        trust,
        _sure(power.mean(0), agreed),
        _slant(flat),
        directions(flat, np.repeat(trust, np.diff(_BANDS))),
    )


def _slant(grain: npt.NDArray[np.complex64]) -> Pixels:
    """The power of diagonal detail over that of upright and level detail, of some blocks."""
    power = np.square(np.abs(grain)).mean(0) * TWICE
    found = []
    for low, high in pairwise(SLANTS):
        band = (low <= RADII) & (high > RADII)
        means = [power[:, band & s].sum(1) / TWICE[band & s].sum() for s in (SLANTED, ~SLANTED)]
        found.append((means[0] + _LEAST) / (means[1] + _LEAST))
    return np.asarray(np.stack(found, 1), np.float32)


def _fall(values: Pixels, low: float, high: float) -> Pixels:
    """1 at a low value or less, 0 at a high one or more."""
    return np.asarray(np.clip((high - values) / (high - low), 0, 1), np.float32)


def _sure(power: Pixels, agreed: Pixels) -> float:
    shares = power * COUNTS / (power * COUNTS).sum()
    each = zip(_fall(agreed, *_ALLOWED), pairwise(_BANDS), strict=True)
    return float(sum(t * shares[a:b].sum() for t, (a, b) in each))


def _band(even: Pixels, alone: Pixels, weights: Pixels) -> tuple[Pixels, float]:
    """The least of what the quietest, more or fewer, show over what chance makes of them.

    And how much more than the quietest the next quietest show, 1 where both are grain alone.
    """
    ratios = []
    for share in _SHARES:
        shown, chance = (x[_quietest((x * weights).sum((1, 2)), share)].mean(0) for x in (even, alone))
        ratios.append(shown / np.maximum(chance, _LEAST))
    sums = [float((r * weights).sum()) for r in ratios]
    return ratios[int(np.argmin(sums))], sums[1] / max(sums[0], _LEAST)


def _quietest(score: Pixels, share: float) -> npt.NDArray[np.int64]:
    return np.argsort(score, kind="stable")[: max(int(share * len(score)), _FEWEST)]


def _settled(power: Pixels, trust: Pixels) -> Pixels:
    """Low frequencies in which picture is left go on as those above, as a Gaussian or flat; or lie below."""
    logs = np.log(np.maximum(power, 1e-9))
    # What motion and slopes leave, and what takes them out, is all in these.
    logs[:, :2] = logs[:, 2:3]
    squares = np.square(np.arange(RINGS, dtype=np.float64))
    for k in range(len(trust) - 2, -1, -1):
        a, b = _BANDS[k : k + 2]
        above = slice(b, min(max(b + 6, 3 * b), 34))
        for row in logs:
            weights = np.sqrt(FREEDOM[above])
            level, slope = np.polynomial.polynomial.polyfit(squares[above], row[above], 1, w=weights)
            if slope > 0:
                level, slope = np.average(row[above], weights=FREEDOM[above]), 0.0
            on = level + slope * squares[a:b]
            row[a:b] = np.minimum(row[a:b], on) + trust[k] * np.maximum(row[a:b] - on, 0)
    return np.asarray(np.exp(logs), np.float32)


def as_film(power: Pixels) -> Pixels:
    """A spectrum (C, RINGS), mean 1, as film's grain can have it, on the same scale.

    Grains are all small: the power of what is far larger is that of what is a few pixels large, or a little
    less, to 0.15 dB in every built-in stock (1.2 dB on 16 mm film in UHD). More than that is picture, flicker
    or dirt, of which neighbouring frames and flat parts always leave some.
    """
    low = np.array([b <= _LARGE for _, b in pairwise(_BANDS)])
    return _settled(power, np.where(low, 0.0, 1.0))


def _smooth(power: Pixels) -> Pixels:
    """By a Gaussian over neighbouring rings, wider for higher ones."""
    rings = np.arange(RINGS)
    apart = (rings[:, None] - rings[None]) / (0.5 + 0.04 * rings[:, None])
    weights = np.exp(-0.5 * np.square(apart)) * FREEDOM[None]
    weights /= weights.sum(1, keepdims=True)
    return np.asarray(np.exp(np.log(np.maximum(power, 1e-9)) @ weights.T), np.float32)


def _alike(rings: Rings, expected: Pixels, even: Pixels, passed: Pixels, share: float) -> Pixels:
    """The correlation of the channels, (C, C), in what passes of the quietest blocks."""
    few = _quietest((even * FREEDOM).mean((1, 2)), share)
    size = np.sqrt(np.maximum(expected if len(expected) == 1 else expected[few], _LEAST))
    weighted = rings.grain[few] * (passed * np.sqrt(TWICE) / BLOCK) / size[..., None, None]
    flat = weighted.reshape(*weighted.shape[:2], -1)
    covariance = (flat @ flat.conj().transpose(0, 2, 1)).real.mean(0)
    scale = np.sqrt(np.maximum(np.diag(covariance), _LEAST))
    return np.asarray(covariance / np.outer(scale, scale), np.float32)
