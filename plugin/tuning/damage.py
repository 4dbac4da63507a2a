"""The damage of a user's plates: measured on some that have it, and laid on clean ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from interneg.colour import Colour
from interneg.colour.working import to_luma, to_rgb
from interneg.frame import Pixels
from interneg.grain.encoding import from_codes
from interneg.grain.noise import white
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.grain.synthesis import Grain, laid
from interneg.io.coding import Quantised
from interneg.io.recompression import through_jpeg, through_video
from interneg.resize import reduce

_NOTHING = 0.2
"""Pixels of blur below which there is none."""


@dataclass(frozen=True)
class LaidDamage:
    """What happens to a clean frame, in this order; the first is the reduction by `scale`.

    blur: the deviation of a Gaussian, in pixels of the damaged frame. noise: white, the deviation of R, G and
    B each, in 8-bit code values. grain: of a plate, in pixels as `pitch` mm; at most one of the two.
    strength: of the grain, its deviation in the middle of its range, in 8-bit code values.
    coding: of a codec that frames go through.
    """

    scale: int = 1
    blur: float = 0.0
    noise: float = 0.0
    grain: GrainProfile | None = None
    strength: float = 0.0
    coding: Quantised | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What is done, a part each."""
        found = []
        if self.scale > 1:
            found.append(f"reduced to 1/{self.scale}")
        if self.blur >= _NOTHING:
            found.append(f"blur of {self.blur:.1f} pixels")
        if self.noise:
            found.append(f"white noise of {self.noise:.1f} code values")
        if self.grain is not None and self.grain.sigmas.any():
            found.append(f"noise or grain as measured, of some {self.strength:.1f} code values")
        if self.coding is not None:
            kind = {"h264": "H.264 at QP", "mpeg2": "MPEG at quantiser", "jpeg": "JPEG at quality"}
            found.append(f"{kind[self.coding.kind]} {self.coding.value:.0f}")
        return tuple(found)

    def laid_on(
        self, frames: Sequence[Pixels], numbers: Sequence[int], colour: Colour, space: str
    ) -> list[Pixels]:
        """Consecutive clean frames damaged.

        frames: (3, H, W) float32 in LOG_Y of pictures in `space`, of sizes that `scale` divides, finite, of
        any range. numbers: of the frames; each has noise of its own, the same each time. Returns
        (3, H / scale, W / scale) float32 in LOG_Y. A codec sees R, G, B in 0..1; what lies beyond passes by.
        """
        return self._coded([self._one(f, n, colour, space) for f, n in zip(frames, numbers, strict=True)])

    def _one(self, planes: Pixels, number: int, colour: Colour, space: str) -> Pixels:
        import cv2

        made = np.stack([reduce(np.ascontiguousarray(plane), self.scale) for plane in planes])
        if self.blur >= _NOTHING:
            made = np.stack([cv2.GaussianBlur(plane, (0, 0), self.blur) for plane in made])
        grey = not made[1:].any()
        if self.noise:
            luma, chroma = (np.float32(s[0, 0]) for s in white(self.noise / 255, 1 if grey else 3))
            random = np.random.default_rng([7, number]).standard_normal(made.shape, np.float32)
            made[0] += luma * random[0]
            if not grey:
                made[1:] += chroma * random[1:]
        if self.grain is not None and self.grain.sigmas.any():
            made = self._grained(made, number, colour, space, grey)
        return made

    def _grained(self, planes: Pixels, number: int, colour: Colour, space: str, grey: bool) -> Pixels:
        assert self.grain is not None
        grain = self.grain.grey() if grey else self.grain.coloured()
        seen = at_pitch(grain, grain.pitch)
        levels, sigmas = from_codes(seen.levels, seen.sigmas, colour, space)
        rgb = planes[:1].copy() if grey else planes.copy()
        if not grey:
            to_rgb(rgb)
        field = Grain.of(grain, grain.pitch).field(*rgb.shape[1:], seed=7, frame=number)
        rgb = laid(rgb, field, levels, sigmas)
        if not grey:
            to_luma(rgb)
            return rgb
        return np.concatenate([rgb, planes[1:]])

    def _coded(self, frames: list[Pixels]) -> list[Pixels]:
        if self.coding is None:
            return frames
        seen = []
        for planes in frames:
            rgb = planes.copy()
            to_rgb(rgb)
            seen.append(rgb)
        codes = [np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0) for rgb in seen]
        height, width = codes[0].shape[:2]
        even = [np.pad(c, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for c in codes]
        even = [np.ascontiguousarray(c) for c in even]
        kind, value = self.coding
        if kind == "jpeg":
            made = [through_jpeg(c, round(value), halved=True) for c in even]
        elif kind == "mpeg2":
            made = through_video(even, "mpeg2video", {}, group=12, qscale=max(1, min(31, round(value))))
        else:
            options = {"preset": "veryfast", "qp": str(max(1, min(51, round(value))))}
            made = through_video(even, "libx264", options, group=12)
        found = []
        for planes, rgb, coded in zip(frames, seen, made, strict=True):
            shown = np.float32(1 / 255) * coded[:height, :width].transpose(2, 0, 1)
            out = np.where((rgb < 0) | (rgb > 1), rgb, shown).astype(np.float32)
            to_luma(out)
            if not planes[1:].any():
                out[1:] = 0
            found.append(np.ascontiguousarray(out))
        return found


def changed(
    damage: LaidDamage, blur: float | None, noise: float | None, qp: float | None, scale: int
) -> LaidDamage:
    """The damage with what the user says of it: None leaves what was measured."""
    damage = replace(damage, scale=scale)
    if blur is not None:
        damage = replace(damage, blur=blur)
    if noise is not None:
        damage = replace(damage, noise=noise, grain=None)
    if qp is not None:
        damage = replace(damage, coding=Quantised("h264", qp) if qp else None)
    return damage


def between(wanted: float, blurs: Sequence[float], widths: Sequence[float]) -> float:
    """The blur that makes edges as wide as is wanted, by the widths that some gave; 0 where none does."""
    known = [(b, w) for b, w in zip(blurs, widths, strict=True) if math.isfinite(w)]
    if not known or not math.isfinite(wanted):
        return 0.0
    widths_, blurs_ = np.maximum.accumulate([w for _, w in known]), [b for b, _ in known]
    return float(np.interp(wanted, widths_, blurs_))
