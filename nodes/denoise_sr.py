"""Denoise-SR: removes noise and compression damage and enlarges, in one step.

Use it for noisy, compressed or small footage. Noise and resolution are solved jointly, because a denoiser
cannot know what an upscaler will need. The networks are of the fidelity family: trained for error, so they
sharpen what is there and draw nothing that is not. Over time, neighbours are averaged along the motion first,
and the network is told the noise that is left. (Joint restoration: Liang et al., SwinIR, 2021; noise map
as input: Zhang et al., FFDNet, 2018.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.colour.working import to_luma, to_rgb
from interneg.frame import Pixels
from interneg.knobs import AUTO, knob
from interneg.node import Node, View
from interneg.nodes._align import averaged
from interneg.nodes._noise import NoiseProfile, measure_noise
from interneg.nonfinite import Mask
from interneg.resize import PEAKS, cubic, hold, reach, reduce

_NOISE = "denoise-sr noise 3"
_NEUTRAL = 1e-6
_LUMA_RANGE = (-0.5, 1.6)
_FAR_BELOW = -0.25
_CHROMA_RANGE = (-0.75, 0.75)
_BLOCK = 64
_QUIET = 0.5
_LOCK_STEPS = 12
_LOCK_SIGMAS = 2.0
_LOCK_HEADROOM = 0.5
_DOUBT = 2.5
# Of the deviation that coding leaves: what a codec makes anew in each frame and does not copy from another.
_CODED_ANEW = 0.5
_STRIP = 128
_STRONG = 10 / 255


@dataclass(frozen=True, kw_only=True)
class DenoiseSR(Node):
    """Removes noise and compression damage and enlarges."""

    name: ClassVar[str] = "denoise-sr"
    label: ClassVar[str] = "Denoise-SR"
    help: ClassVar[str] = "Removes noise and compression damage and enlarges 1x, 2x or 4x, jointly."
    version: ClassVar[int] = 4
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LOG_Y
    layers: ClassVar[str] = "Changes the picture (R, G, B, or Y); alpha and AOVs are only enlarged with it."

    scale: str = knob(
        "1", "choice", "Scale", "How many times larger the result is in each direction.",
        choices=("1", "2", "4"), animatable=False,
    )  # fmt: skip
    model: str = knob(
        "lite", "choice", "Model",
        "lite is fast; standard is larger and slower, and hardly better until its training is finished.",
        choices=("lite", "standard"), animatable=False,
    )  # fmt: skip
    noise: float | str = knob(
        AUTO, "float", "Noise",
        "Standard deviation of the noise to remove, in 8-bit code values of the encoded picture's luma; auto "
        "measures it in each frame, separately for dark and bright parts and for luma and colour. auto reads "
        "compressed footage as free of noise: set a number there, or use deblock. 0 removes no noise.",
        unit="code values", hard=(0.0, 100.0), slider=(0.0, 50.0), auto=True,
    )  # fmt: skip
    detail: float = knob(
        0.0, "float", "Detail",
        "How much of the removed luma texture is given back: grain, and fine detail that was taken for "
        "grain.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    deblock: float = knob(
        0.0, "float", "Deblock",
        "How strongly the picture was compressed: 0 not at all, 0.3 good web video, 0.6 visible blocks, "
        "1 ruined. Removes blocks, ringing and mosquito noise.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    fidelity_lock: bool = knob(
        False, "bool", "Fidelity lock",
        "Holds the result to what was photographed: reduced to the input's size, it differs from the input "
        "by at most twice the noise. What compression left (see deblock) counts as noise.",
    )  # fmt: skip

    temporal: int = knob(
        0, "int", "Temporal",
        "Frames on each side that are averaged along the motion before the remaining noise is removed: "
        "steadier and sharper, but slower. Parts that no other frame shows are treated as if it were 0.",
        unit="frames", hard=(0, 2), slider=(0, 2), animatable=False,
    )  # fmt: skip

    @property
    def reach(self) -> tuple[int, int]:
        return (self.temporal, self.temporal)

    @property
    def enlarges(self) -> int:
        return int(self.scale)

    @property
    def models(self) -> tuple[str, ...]:
        return (f"denoise-sr-{self.model}-x{self.scale}",)

    def process(self, view: View) -> Pixels:
        """Y, Cb, Cr (or Y alone) in, the same enlarged by `scale` out."""
        plain, scale = view.planes(), self.enlarges
        net = np.empty((6, *plain.shape[1:]), np.float32)
        count = _see(plain, net)
        if count == 1:
            net[1:3] = 0
        net[3:5] = sigmas = self._deviations(view, net[:count])
        given = plain
        if self.temporal and (self.noise != 0 or self.deblock):
            given = plain.copy()
            given[:count], net[3:5] = self._over_time(view, net[: len(plain)], count, sigmas)
            _see(given, net)
        net[5] = self.deblock
        if count == 1:
            net[4] = 0
        if scale == 1 and not net[3:].any():
            return given  # there is nothing to remove
        correction = view.context.engines.open(self.models[0]).run(net)
        if scale == 1 and (self.deblock or net[3:5].max() > _STRONG):
            _keep_level(correction)
        if scale == 1 and count == 3:
            correction = _colour_kept(
                correction, given, np.hypot(net[4], np.float32(_coding_noise(self.deblock)))
            )
        result = np.zeros((len(given), *correction.shape[1:]), np.float32)
        trust = _trust(given[:count], net[:count], scale)
        for i in range(count):
            correct = correction[i] if trust is None else correction[i] * trust
            np.add(cubic(given[i], scale), correct, out=result[i])
        if self.detail:
            result[0] += self.detail * cubic(plain[0] - reduce(result[0], scale), scale)
        held = plain if self.detail else given  # what is given back may be more than an average shows
        if scale > 1:
            noise = np.maximum(*(sigmas if self.detail else net[3:5]))
            doubt = np.float32(_DOUBT) * np.hypot(noise, np.float32(_coding_noise(self.deblock)))
            _hold_rgb(result, held, scale, doubt)
        if self.fidelity_lock:
            for plane, source, sigma in zip(result[:count], plain, (*sigmas, sigmas[1]), strict=False):
                bound = np.hypot(sigma, np.float32(_coding_noise(float(net[5, 0, 0]))))
                self._lock(plane, source, np.float32(_LOCK_SIGMAS) * bound)
        return _held(result, held, scale)

    def noise_in(self, view: View) -> float:
        """The deviation of luma that `auto` finds in the window's own frame, on average, in code values."""
        given = view.planes()
        seen = np.empty_like(given)
        luma, _ = self._measured(view, seen[: _see(given, seen)])
        return 255 * float(luma.mean())

    def _deviations(self, view: View, seen: Pixels, offset: int = 0) -> tuple[Pixels, Pixels]:
        """The standard deviations of luma and chroma in the frame at `offset`, where it shows what is `seen`.

        (H, W) each, or (1, 1) where they are the same everywhere.
        """
        if self.noise != AUTO:
            same = np.full((1, 1), float(self.noise) / 255, np.float32)
            return same, same
        if offset == 0:
            return self._measured(view, seen)
        profile: NoiseProfile = view.measure(_NOISE, lambda: _noise_of(view.planes(offset)), offset)
        return profile.map(seen)

    def _over_time(
        self, view: View, seen: Pixels, count: int, sigmas: tuple[Pixels, Pixels]
    ) -> tuple[Pixels, Pixels]:
        """`count` planes averaged along the motion, and the deviations of the noise left in them.

        What coding did averages out too; the network is told of it by its level, not as noise.
        """
        coded = np.float32(_CODED_ANEW * _coding_noise(self.deblock))

        def deviations(offset: int) -> tuple[Pixels, Pixels]:
            luma, chroma = self._deviations(view, seen, offset) if offset else sigmas
            return np.hypot(luma, coded), np.hypot(chroma, coded)

        planes, left = averaged(view, count, deviations)
        if coded:
            for plane, sigma in zip(left, sigmas, strict=True):
                plane *= sigma / np.hypot(sigma, coded)
        return planes, left

    def _measured(self, view: View, seen: Pixels) -> tuple[Pixels, Pixels]:
        profile: NoiseProfile = view.measure(_NOISE, lambda: measure_noise(seen), 0)
        luma, chroma = profile.map(seen)
        least, most = ([255 * f(s[::4, ::4]) for s in (luma, chroma)] for f in (np.min, np.max))
        found = (
            f"noise measured in frame {view.window.frame.number}: {least[0]:.1f} to {most[0]:.1f} code "
            f"values in luma, {least[1]:.1f} to {most[1]:.1f} in colour"
        )
        if most[0] < _QUIET and not self.deblock:
            found += "; compressed footage reads as free of noise: set deblock, or noise to a number"
        view.context.tell(self.name, found)
        return luma, chroma

    def _lock(self, result: Pixels, given: Pixels, bound: Pixels) -> None:
        """Project `result` in place until, reduced, it lies within `bound` of `given`.

        Iterated back-projection (Irani and Peleg, 1991) of what exceeds the bound.
        """
        if self.enlarges == 1:
            np.clip(result, given - bound, given + bound, out=result)
            return
        for _ in range(_LOCK_STEPS):
            apart = given - reduce(result, self.enlarges)
            result += cubic(apart - np.clip(apart, -bound, bound), self.enlarges)
            hold(result, given, self.enlarges, _LOCK_HEADROOM, doubt=np.inf)


def _see(given: Pixels, seen: Pixels) -> int:
    """Put into `seen` what the network sees of the picture's planes, and return how many it sees.

    Its trained range, noise beyond 0 and 1 included; the picture itself is never clipped.
    """
    # Black-and-white film scanned to three channels stays black and white.
    count = 3 if len(given) == 3 and np.abs(given[1:]).max() > _NEUTRAL else 1
    np.clip(given[0], *_LUMA_RANGE, out=seen[0])
    np.clip(given[1:count], *_CHROMA_RANGE, out=seen[1:count])
    return count


def _noise_of(planes: Pixels) -> NoiseProfile:
    seen = np.empty_like(planes)
    return measure_noise(seen[: _see(planes, seen)])


def _keep_level(correction: Pixels) -> None:
    """Take out of each plane of a correction, in place, its mean over some 72 pixels around.

    Noise and coding leave that as it was; a network told of strong ones lifts it by up to a code value.
    """
    import cv2

    height, width = correction.shape[1:]
    size = (-(-width // 8), -(-height // 8))
    for plane in correction:
        small = cv2.blur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (9, 9))
        plane -= cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _colour_kept(correction: Pixels, given: Pixels, sigma: Pixels) -> Pixels:
    """The correction without what it takes of colour along with structure: noise does not follow luma.

    In each 5x5 window what is taken is regressed on the restored luma, and its slope given back as far as it
    exceeds 2.5 standard errors (guided filter: He et al., 2013). Luma stays.
    """
    kept = correction.copy()
    height = kept.shape[1]
    for top in range(0, height, _STRIP):  # strips stay in the cache
        bottom = min(top + _STRIP, height)
        rows = slice(max(0, top - 4), min(height, bottom + 4))  # two 5x5 windows look four pixels around
        back = _given_back(correction[:, rows], given[0, rows], sigma[rows])
        kept[1:, top:bottom] -= back[:, top - rows.start : bottom - rows.start]
    return kept


def _given_back(correction: Pixels, luma: Pixels, sigma: Pixels) -> Pixels:
    """What `_colour_kept` takes off the two colour planes of a correction."""
    import cv2

    def mean(plane: Pixels) -> Pixels:
        return np.asarray(cv2.blur(plane, (5, 5)), np.float32)

    y = luma + correction[0]
    y_mean = mean(y)
    # Rounding may leave a flat part less than no variance.
    spread = np.maximum(mean(y * y) - y_mean * y_mean, np.float32(0))
    spread += np.square(sigma * np.float32(0.5)) + np.float32(1e-8)
    doubt = sigma * np.float32(_DOUBT / 5) / np.sqrt(spread)
    back = []
    for taken in correction[1:]:
        slope: Pixels = np.divide(mean(taken * y) - y_mean * mean(taken), spread)
        slope -= np.clip(slope, -doubt, doubt)
        back.append(mean(slope) * y - mean(slope * y_mean))
    return np.stack(back)


def _coding_noise(level: float) -> float:
    """The deviation of what a codec's rounding did, 0..1 codes, for a compression level.

    That of an even spread over one quantiser step; the step is 224**level 8-bit codes
    (`engines/training/levels.py`).
    """
    return float(224.0**level / math.sqrt(12) / 255) if level else 0.0


def _trust(given: Pixels, seen: Pixels, scale: int) -> Pixels | None:
    """1 where the network saw the picture as it is, falling to 0 where that lies beyond its trained range.

    None where it saw all of it.
    """
    import cv2

    beyond = (given != seen).any(axis=0)
    if not beyond.any():
        return None
    near = cv2.dilate(beyond.astype(np.float32), np.ones((7, 7), np.uint8))
    trust = 1 - cv2.blur(near, (5, 5))
    size = (trust.shape[1] * scale, trust.shape[0] * scale)
    return np.asarray(cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _hold_rgb(result: Pixels, given: Pixels, scale: int, doubt: Pixels) -> None:
    """`hold` R, G and B each, in place: held in luma alone, one channel could ring in another's stead."""
    source = given.copy()
    if len(source) == 3:
        to_rgb(source)
        to_rgb(result)
    for plane, channel in zip(result, source, strict=True):
        hold(plane, channel, scale, peaks=PEAKS, doubt=doubt)
    if len(source) == 3:
        to_luma(result)


def _held(result: Pixels, given: Pixels, scale: int) -> Pixels:
    """Hold R, G and B strictly around what is above 1 or far below 0, where a ringing of 0.1 is a stop."""
    import cv2

    if given[0].max() <= 1 and given[0].min() >= _FAR_BELOW and np.abs(given[1:]).max(initial=0) <= 0.4:
        return result
    source = given.copy()
    if len(source) == 3:
        to_rgb(source)
    beyond = ((source > 1) | (source < _FAR_BELOW)).any(axis=0).view(np.uint8)
    near = cv2.dilate(beyond, np.ones((5, 5), np.uint8)).view(np.bool_)
    height, width = near.shape
    for top, left in product(range(0, height, _BLOCK), range(0, width, _BLOCK)):
        here = near[top : top + _BLOCK, left : left + _BLOCK]
        if here.any():
            _hold_block(result, source, here, top, left, scale)
    return result


def _hold_block(result: Pixels, source: Pixels, near: Mask, top: int, left: int, scale: int) -> None:
    """`hold` R, G and B of one block of `result`, in place, where `near` says so."""
    height, width = near.shape
    part = result[:, top * scale : (top + height) * scale, left * scale : (left + width) * scale]
    y, x = max(0, top - 2), max(0, left - 2)  # `reach` looks two pixels around
    if len(source) == 3:
        to_rgb(part)
    for plane, channel in zip(part, source[:, y : top + height + 2, x : left + width + 2], strict=True):
        below, above = (b[top - y :, left - x :][:height, :width] for b in reach(channel))
        below[~near], above[~near] = -np.inf, np.inf
        np.clip(plane, *(b.repeat(scale, 0).repeat(scale, 1) for b in (below, above)), out=plane)
    if len(source) == 3:
        to_luma(part)
