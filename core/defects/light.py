"""What lights up for a frame: a lamp, a flash, the glow around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence, usual

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Fewer pixels are too few to tell.
_LEAST = 60
# What most of a spot differs by, of what its brightest part does; which shares of the pixels these are; and
# from which share of the latter on it is the core.
_SOFT, _MOST, _BRIGHTEST, _CORE = 0.35, 0.7, 0.97, 0.6
# How far from the core it is looked at, in pixels, and how closely brightness falls with the distance.
_FAR, _FALLS = 12.0, -0.6
# What is so large lights what is around where most of that, so many pixels away to so many, is brighter by
# this share of what the spot is. Light only adds: what is darker takes away no more than a part of that.
_LARGE, _NEAR, _AROUND, _LIT, _ADDS = 150, 3, 10, 0.12, 0.7


def glows(seen: Evidence, spots: Sequence[Spot]) -> npt.NDArray[np.bool_]:
    """Whether each of the spots of a frame is light, (N,): a bright core in what falls off around it.

    Dirt hides what is beneath, up to its rim. Light is added to it, less and less with the distance: both
    what the spot differs by from what is usual there, and the spot itself, are darker farther from the core
    (Pearson's correlation). Or else what is around a large one is lit, too.
    """
    return np.array(
        [len(seen.neighbours) > 1 and (_light(seen, spot) or _lights(seen, spot)) for spot in spots], np.bool_
    )


def _light(seen: Evidence, spot: Spot) -> bool:
    import cv2

    if spot.shape.sum() < _LEAST:
        return False
    own = seen.luma[spot.box]
    apart = own - usual([n.luma[spot.box] for n in seen.neighbours] + [own])
    most, brightest = np.quantile(apart[spot.shape], (_MOST, _BRIGHTEST))
    if not 0 < most < _SOFT * brightest:
        return False
    core = spot.shape & (apart > _CORE * brightest)
    away = cv2.distanceTransform(np.uint8(~core), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    away = np.minimum(away[spot.shape], _FAR)
    falls = [float(np.corrcoef(away, p[spot.shape])[0, 1]) for p in (apart, own)]
    return max(falls) < _FALLS


def _lights(seen: Evidence, spot: Spot) -> bool:
    import cv2

    if spot.shape.sum() < _LARGE:
        return False
    top, left = (max(0, s.start - _AROUND) for s in spot.box)
    area = np.s_[top : spot.box[0].stop + _AROUND, left : spot.box[1].stop + _AROUND]
    own = seen.luma[area]
    apart = own - usual([n.luma[area] for n in seen.neighbours] + [own])
    inside = np.zeros(own.shape, np.bool_)
    rows, columns = (slice(s.start - o, s.stop - o) for s, o in zip(spot.box, (top, left), strict=True))
    inside[rows, columns] = spot.shape
    away = cv2.distanceTransform(np.uint8(~inside), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = (away > _NEAR) & (away <= _AROUND)
    bright = float(apart[inside].mean())
    adds = bright > _ADDS * float(np.abs(apart[inside]).mean())
    return adds and bool(ring.any()) and float(np.median(apart[ring])) > _LIT * bright
