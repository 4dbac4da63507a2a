"""LaidDamage measured: the grain, the codec and the blur of plates that have it."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Sequence
from dataclasses import replace

import cv2
import numpy as np

from interneg.colour import Colour
from interneg.colour.working import to_rgb
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.measure import measure, profile_of
from interneg.grain.noise import measure_noise
from interneg.grain.profile import GrainProfile
from interneg.grain.shot import joined
from interneg.io.coding import Quantised, coding_of_images, coding_of_movie
from interneg.metrics.edge_width import edge_width
from interneg.plugin.tuning.damage import LaidDamage, between
from interneg.plugin.tuning.plates import Reel

_PLACES = 3
"""Places of a clip that are measured."""

_BLURS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.0)


def measured(
    like: Reel,
    clean: Sequence[Pixels],
    colour: Colour,
    known: Container[str] = (),
    tell: Callable[[str], None] = lambda text: None,
) -> LaidDamage:
    """The damage of a clip, beside some clean frames of the kind that it is to be laid on.

    clean: (3, H, W) float32 in LOG_Y, at the size of the damaged frames. known: of "noise", "blur" and "qp"
    what need not be measured. tell: told what cannot be. Raises InputError where the grain of the clip cannot
    be measured, with the reason.
    """
    found = LaidDamage()
    if "noise" not in known:
        grain, strength = _grain(like, colour)
        found = replace(found, grain=grain, strength=strength)
    if "blur" not in known:
        found = replace(found, blur=_blur(like, clean))
    if "qp" not in known:
        coding = _coding(like)
        if coding is not None and math.isnan(coding.value):
            tell(
                f"{like.path}: {coding.kind.upper()} does not tell how strongly it compressed, so no "
                "compression is laid on; for that begin anew with --qp, a quantiser of H.264 that looks alike"
            )
            coding = None
        found = replace(found, coding=coding)
    return found


def _grain(like: Reel, colour: Colour) -> tuple[GrainProfile, float]:
    """The mean of what some places of the clip show, of three frames each; its strength in code values."""
    numbers, found, strong, why = like.clip.numbers, [], [], ""
    for k in range(_PLACES):
        at = (2 * k + 1) * len(numbers) // (2 * _PLACES)
        near = numbers[max(0, at - 1) : at + 2]
        planes = [_log_rgb(like.shown(n).planes) for n in near]
        try:
            grain = measure(planes, near.index(numbers[at]))
        except InputError as error:
            why = str(error)
            continue
        strong.append(255 * float(np.median(grain.sigmas)))
        found.append(profile_of(grain, colour, like.space, "like", "digital", 1.0, planes[0].shape[2]))
    if not found:
        raise InputError(f"{like.path}: {why}; or say how strong its noise is, with --noise")
    return joined(found), float(np.mean(strong))


def _log_rgb(planes: Pixels) -> Pixels:
    if not planes[1:].any():
        return planes[:1]
    rgb = planes.copy()
    to_rgb(rgb)
    return rgb


def _coding(like: Reel) -> Quantised | None:
    if like.clip.is_movie:
        return coding_of_movie(str(like.clip.path_of(like.clip.numbers[0])))
    paths = [p for n in like.clip.numbers if (p := like.clip.path_of(n)) is not None]
    return coding_of_images(paths)


def _blur(like: Reel, clean: Sequence[Pixels]) -> float:
    """The blur with which the sharpest edges of clean frames are as soft as those of the clip.

    By trial, since noise and texture move what edges measure: clean frames are blurred by several amounts and
    get as much noise as the clip has.
    """
    numbers = like.clip.numbers
    some = sorted({numbers[(2 * k + 1) * len(numbers) // (2 * _PLACES)] for k in range(_PLACES)})
    lumas = [like.shown(n).planes[:1] for n in some]
    sigmas = [float(np.median(measure_noise(luma).sigmas)) for luma in lumas]
    wanted = _mean([edge_width(luma[0], s) for luma, s in zip(lumas, sigmas, strict=True)])
    sigma, random = float(np.median(sigmas)), np.random.default_rng(3)
    widths = []
    for blur in _BLURS:
        made = []
        for planes in clean:
            luma = cv2.GaussianBlur(planes[0], (0, 0), blur) if blur else planes[0]
            noise = np.float32(sigma) * random.standard_normal(luma.shape, np.float32)
            made.append(edge_width(luma + noise, sigma))
        widths.append(_mean(made))
    return between(wanted, _BLURS, widths)


def _mean(values: Sequence[float]) -> float:
    known = [v for v in values if math.isfinite(v)]
    return float(np.mean(known)) if known else math.nan
