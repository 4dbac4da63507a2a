"""FLIP: the error that is seen when a viewer alternates between two pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.metrics.checks import Array, picture, same_shape

Map = npt.NDArray[np.float32]

PIXELS_PER_DEGREE = 67.0
"""A 0.7 m wide 3840 pixel display seen from 0.7 m, the paper's default."""

# Linear BT.709 RGB to CIE XYZ, D65 of (0.3127, 0.3290); the rows add up to the white point.
_TO_XYZ = np.array(
    [
        [10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794],
        [2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897],
        [1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382],
    ],
    np.float64,
)
_WHITE = _TO_XYZ.sum(axis=1)

# XYZ over white to YCxCz without the offset of Y, which the filters leave alone.
_TO_OPPONENT = np.array([[0.0, 116.0, 0.0], [500.0, -500.0, 0.0], [0.0, 200.0, -200.0]])

# Contrast sensitivity, paper table 1: (a1, b1, a2, b2) of the channels Y, Cx, Cz.
_SENSITIVITY = (
    (1.0, 0.0047, 0.0, 1e-5),
    (1.0, 0.0053, 0.0, 1e-5),
    (34.1, 0.04, 13.5, 0.025),
)
_COLOUR_EXPONENT = 0.7
_COLOUR_KNEE = 0.4
_COLOUR_KNEE_ERROR = 0.95
_FEATURE_WIDTH = 0.082
_FEATURE_EXPONENT = 0.5


def flip(reference: Array, test: Array, pixels_per_degree: float = PIXELS_PER_DEGREE) -> Map:
    """Return the LDR-FLIP error map of two pictures; its mean is the pooled figure.

    reference, test: (3, H, W) sRGB encoded; FLIP is defined on 0..1, values outside are taken as 0 or 1.
    pixels_per_degree: of visual angle, of the display that the pictures are seen on.
    Returns (H, W) float32, 0 (no difference is seen) .. 1 (black against white); NaN spreads over the
    reach of the filters (about a quarter of a degree). Raises InputError where shapes differ or are others.
    Source: Andersson, Nilsson, Akenine-Moller, Oskarsson, Astrom, Fairchild, FLIP: A Difference Evaluator for
    Alternating Images, Proc. ACM Comput. Graph. Interact. Tech. 3(2), 2020.
    """
    same_shape(picture(reference, "the reference"), picture(test, "the test"))
    if not pixels_per_degree > 0:
        raise InputError(f"pixels per degree must be above 0, not {pixels_per_degree}")
    r, t = _opponent(reference), _opponent(test)
    colour = _colour_error(r, t, pixels_per_degree)
    feature = _feature_error(r[0], t[0], pixels_per_degree)
    error: Map = np.power(colour, 1.0 - feature).astype(np.float32)
    return error


def flip_mean(reference: Array, test: Array, pixels_per_degree: float = PIXELS_PER_DEGREE) -> float:
    """Return the mean of the `flip` map, 0..1: the figure that is usually quoted as FLIP.

    reference, test: (3, H, W) sRGB encoded, and pixels_per_degree, as for `flip`; so is what is raised. NaN
    where a NaN is inside.
    """
    return float(np.mean(flip(reference, test, pixels_per_degree), dtype=np.float64))


def _opponent(encoded: Array) -> Map:
    v = np.clip(encoded, 0.0, 1.0).astype(np.float32)
    linear = np.where(v <= 0.04045, v / 12.92, np.power((v + 0.055) / 1.055, 2.4))
    return _matrix(_TO_OPPONENT @ (_TO_XYZ / _WHITE[:, None]), linear)


def _matrix(m: npt.NDArray[np.float64], planes: Map) -> Map:
    out: Map = np.tensordot(m.astype(np.float32), planes, axes=1)
    return out


def _colour_error(r: Map, t: Map, ppd: float) -> Map:
    delta = _hyab(_seen(r, ppd), _seen(t, ppd)) ** _COLOUR_EXPONENT
    primaries = np.array([[0, 0], [1, 0], [0, 1]], np.float32)[:, None]
    green, blue = _hunt_lab(primaries)[:, 0].T[:, :, None, None]
    largest = float(_hyab(green, blue)[0, 0]) ** _COLOUR_EXPONENT
    knee = _COLOUR_KNEE * largest
    above = _COLOUR_KNEE_ERROR + (delta - knee) / (largest - knee) * (1.0 - _COLOUR_KNEE_ERROR)
    return np.asarray(np.where(delta < knee, delta * (_COLOUR_KNEE_ERROR / knee), above), np.float32)


def _seen(opponent: Map, ppd: float) -> Map:
    """What remains visible at the viewing distance, as Hunt-adjusted CIELab."""
    radius = math.ceil(3.0 * math.sqrt(max(max(s[1], s[3]) for s in _SENSITIVITY) / (2.0 * math.pi**2)) * ppd)
    degrees = np.arange(-radius, radius + 1) / ppd
    filtered = np.empty_like(opponent)
    for channel, (a1, b1, a2, b2) in enumerate(_SENSITIVITY):
        # A sum of two 2-D Gaussians; each is separable, their shares follow from their sums.
        parts = []
        for a, b in ((a1, b1), (a2, b2)):
            if a:
                kernel = np.exp(-(math.pi**2) * degrees**2 / b)
                parts.append((a * math.sqrt(math.pi / b) * kernel.sum() ** 2, kernel / kernel.sum()))
        total = sum(share for share, _ in parts)
        filtered[channel] = sum(share / total * _separable(opponent[channel], k, k) for share, k in parts)
    to_linear = np.linalg.inv(_TO_OPPONENT @ (_TO_XYZ / _WHITE[:, None]))
    return _hunt_lab(np.clip(_matrix(to_linear, filtered), 0.0, 1.0))


def _hunt_lab(linear: Map) -> Map:
    xyz = _matrix(_TO_XYZ / _WHITE[:, None], linear)
    knee = 6.0 / 29.0
    x, y, z = np.where(xyz > knee**3, np.cbrt(xyz), xyz / (3.0 * knee**2) + 4.0 / 29.0)
    lightness = 116.0 * y - 16.0
    hunt = 0.01 * lightness
    return np.stack([lightness, hunt * (500.0 * (x - y)), hunt * (200.0 * (y - z))])


def _hyab(a: Map, b: Map) -> Map:
    return np.asarray(np.abs(a[0] - b[0]) + np.hypot(a[1] - b[1], a[2] - b[2]))


def _feature_error(r: Map, t: Map, ppd: float) -> Map:
    sigma = 0.5 * _FEATURE_WIDTH * ppd
    radius = math.ceil(3.0 * sigma)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    gauss = np.exp(-(x**2) / (2.0 * sigma**2))
    smooth = gauss / gauss.sum()
    edge = _balanced(-x * gauss)
    point = _balanced((x**2 / sigma**2 - 1.0) * gauss)
    difference = np.zeros_like(r)
    for kernel in (edge, point):
        found = [np.hypot(_separable(p, kernel, smooth), _separable(p, smooth, kernel)) for p in (r, t)]
        difference = np.maximum(difference, np.abs(found[0] - found[1]))
    # The paper's luma runs from 0 to 1, the opponent channel here from 0 to 116.
    return np.asarray((difference / (116.0 * math.sqrt(2.0))) ** _FEATURE_EXPONENT, np.float32)


def _balanced(kernel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale the positive weights to a sum of 1 and the negative ones to -1."""
    positive, negative = kernel[kernel > 0].sum(), -kernel[kernel < 0].sum()
    return np.asarray(np.where(kernel > 0, kernel / positive, kernel / negative))


def _separable(p: Map, across: npt.NDArray[np.float64], down: npt.NDArray[np.float64]) -> Map:
    out: Map = cv2.sepFilter2D(p, cv2.CV_32F, across, down, borderType=cv2.BORDER_REPLICATE)
    return out
