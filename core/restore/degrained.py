"""A picture with its grain removed: by the networks that remove noise, on each scale that the grain has.

The networks were trained on noise that is white, and leave half of what is coarser. Reduced to half its size
grain is finer, and white enough after some steps; so the smallest picture is cleaned first, and at each size
the coarse part is taken from there and the rest is cleaned.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from interneg.colour import WorkingSpace
from interneg.colour.working import to_rgb
from interneg.engine import EngineSource
from interneg.frame import Pixels
from interneg.grain.encoding import from_codes
from interneg.grain.noise import NoiseProfile
from interneg.grain.profile import GrainProfile
from interneg.node import View
from interneg.restore.cleaned import cleaned
from interneg.restore.coding import average
from interneg.restore.correction import correction
from interneg.restore.plateaus import hold_extremes
from interneg.restore.stack import Stack
from interneg.restore.trained import see, trust

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Of white noise half is left at half the size. Where so much of the deviation is, it is coarse.
_COARSE = 0.58
_MOST, _SMALLEST = 4, 48
# Over time grain is taken for stronger by this: coarse grain is harder to tell from what moves.
_OVER_TIME = np.float32(1.2)
_SIZE = 256
# How much deviation colour is taken to have at least, as a share of luma's.
_CHROMA = np.float32(0.2)


class Scale(NamedTuple):
    """Of grain whose deviation is 1: that at this size, and of what is left without the coarse part."""

    whole: float
    rest: float


@dataclass(frozen=True)
class Scales:
    """The sizes at which grain is removed, full size first, each half of the one before."""

    rows: tuple[Scale, ...]

    @property
    def finest(self) -> np.float32:
        """The share of the deviation that is removed at full size."""
        return np.float32(self.rows[0].rest if len(self.rows) > 1 else self.rows[0].whole)

    @classmethod
    @functools.lru_cache(16)
    def of(cls, power: tuple[float, ...]) -> Scales:
        """The sizes that grain needs. power: its density from 0 to sqrt(1/2) cycles per pixel, evenly."""
        axis = np.fft.fftfreq(_SIZE)
        radii = np.hypot(axis[:, None], axis[None, :])
        density = np.interp(radii, np.linspace(0, np.sqrt(0.5), len(power)), power)
        white = np.fft.fft2(np.random.default_rng(0).normal(size=(_SIZE, _SIZE)))
        grain = np.fft.ifft2(white * np.sqrt(density)).real.astype(np.float32)[None]
        grain /= max(float(grain.std()), 1e-9)
        rows = []
        for _ in range(_MOST):
            small = _halved(grain)
            if small.std() < _COARSE * grain.std():
                break
            rows.append(Scale(float(grain.std()), float((grain - _doubled(small, grain.shape[1:])).std())))
            grain = small
        return cls((*rows, Scale(float(grain.std()), 0.0)))


class Removal(NamedTuple):
    """How grain is removed.

    grain: as the picture's own pixels show it. model: of the catalogue, at the picture's own size, sees what
    `correction` says. temporal: frames on each side that are averaged along the motion before.
    """

    grain: GrainProfile
    model: str
    temporal: int = 0


def degrained(view: View, how: Removal) -> Pixels:
    """The window's own frame without its grain, (C, H, W) float32 in LOG_RGB; bit for bit where it has none.

    Raises EngineError as opening an engine does.
    """
    rgb, view = view, replace(view, space=WorkingSpace.LOG_Y)
    plain = view.planes()
    count = see(plain, np.empty_like(plain))
    grain = how.grain.coloured() if count == 3 else how.grain.grey()
    if not grain.sigmas.any():
        return rgb.planes(0, WorkingSpace.LOG_RGB)
    space = view.window.frame.colour_space
    levels, sigmas = from_codes(grain.levels, grain.sigmas, view.context.colour, space)
    profile = NoiseProfile(levels, sigmas, *_shares(grain.correlation))

    def deviations(planes: Pixels, offset: int = 0) -> tuple[Pixels, Pixels]:
        seen = np.empty_like(planes)
        luma, chroma = profile.map(seen[: see(planes, seen)])
        # Grain of one colour leaves chroma without any, where a codec still makes some.
        chroma = np.maximum(chroma, _CHROMA * luma)
        return (_OVER_TIME * luma, _OVER_TIME * chroma) if how.temporal else (luma, chroma)

    given, own, stack = plain, deviations(plain), None
    left = own
    power = grain.per_pixel(len(grain.channels) // 2)[1]
    scales = Scales.of(tuple(map(float, power)))
    if how.temporal:
        name = hashlib.sha256(levels.tobytes() + sigmas.tobytes()).hexdigest()
        looked = cleaned(view, f"grain {name}", 0.0, deviations)
        given, stack = plain.copy(), Stack.of(_seen(plain, [scales.finest * s for s in own]))
        given[:count], (luma, chroma) = average(view, count, 0.0, lambda offset: own, looked, stack.add)
        left = luma, chroma
    result = removed(view.context.engines, how.model, given, left, scales, stack)
    hold_extremes(result, given, 1)
    if len(result) == 3:
        to_rgb(result)
    return result


def _shares(correlation: Pixels) -> tuple[float, float]:
    """How many times louder luma and colour are than with independent channels."""
    if len(correlation) == 1:
        return 1.0, 1.0
    luma = np.array([[0.299, 0.587, 0.114]])
    chroma = np.array([0.564, 0.713])[:, None] * (np.eye(3)[[2, 0]] - luma)

    def louder(rows: Pixels) -> float:
        of = np.einsum("kc,cd,kd->", rows, correlation, rows) / np.square(rows).sum()
        return float(np.sqrt(max(of, 0.0)))

    return louder(luma), louder(chroma)


def removed(
    engines: EngineSource,
    model: str,
    given: Pixels,
    deviations: tuple[Pixels, Pixels],
    scales: Scales,
    stack: Stack | None = None,
) -> Pixels:
    """A picture without its grain, (C, H, W) float32 in LOG_Y.

    model: as in `Removal`. given: (3, H, W) Y, Cb, Cr or (1, H, W) Y, finite, of any range. deviations: of
    the grain of luma and of colour, (H, W) float32 each. stack: what the network over time sees beside it, at
    its own size. Raises EngineError as `engines` does.
    """
    pyramid: list[tuple[Pixels, tuple[Pixels, Pixels]]] = [(given, deviations)]
    for _ in scales.rows[1:]:
        planes, sigmas = pyramid[-1]
        if min(planes.shape[1:]) < 2 * _SMALLEST:
            break
        pyramid.append((_halved(planes), (_halved(sigmas[0][None])[0], _halved(sigmas[1][None])[0])))
    clean: Pixels | None = None
    for (planes, sigmas), row in reversed(list(zip(pyramid, scales.rows, strict=False))):
        told, seen = row.whole, planes
        if clean is not None:
            seen = planes - _doubled(_halved(planes) - clean, planes.shape[1:])
            told = row.rest
        own = stack if planes is given else None
        clean = _cleaned(engines, model, seen, [np.float32(told) * s for s in sigmas], own)
    assert clean is not None
    return clean


def _seen(planes: Pixels, sigmas: Sequence[Pixels]) -> Pixels:
    """What a network sees of a picture, (6, H, W): its planes and these deviations of luma and of colour."""
    net = np.zeros((6, *planes.shape[1:]), np.float32)
    count = see(planes, net)
    net[3], net[4] = sigmas
    if count == 1:
        net[4] = 0
    return net


def _cleaned(
    engines: EngineSource, model: str, given: Pixels, sigmas: Sequence[Pixels], stack: Stack | None
) -> Pixels:
    """The picture without white noise of these deviations."""
    net, result = _seen(given, sigmas), given.copy()
    count = see(given, np.empty_like(given))
    if not net[3:5].any():
        return result
    change = correction(engines, model, net, stack, given, count, 1, 0.0)
    trusted = trust(given[:count], net[:count], 1)
    for plane, more in zip(result[:count], change, strict=False):
        plane += more if trusted is None else more * trusted
    return result


def _halved(planes: Pixels) -> Pixels:
    """At half the size, (C, (H + 1) // 2, (W + 1) // 2): means over two pixels in each direction."""
    import cv2

    height, width = planes.shape[1:]
    wide = ((0, 0), (0, height % 2), (0, width % 2))
    even = np.pad(planes, wide, mode="edge") if height % 2 or width % 2 else planes
    size = (even.shape[2] // 2, even.shape[1] // 2)
    return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA).reshape(size[::-1]) for p in even])


def _doubled(planes: Pixels, shape: tuple[int, ...]) -> Pixels:
    """At twice the size, cut to (H, W)."""
    import cv2

    size = (2 * planes.shape[2], 2 * planes.shape[1])
    height, width = shape
    return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_CUBIC)[:height, :width] for p in planes])
