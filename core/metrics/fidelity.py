"""PSNR and SSIM on luma, as the super-resolution and denoising literature reports them."""

from __future__ import annotations

import cv2
import numpy as np

from interneg.errors import InputError
from interneg.metrics.checks import Array, Double, picture, plane, same_shape

WEIGHTS_601 = (65.481, 128.553, 24.966)
"""ITU-R BT.601 luma of 8-bit studio range, for R, G and B of 0..1; they add up to 219."""

SMALLEST_FOR_SSIM = 11
"""SSIM needs pictures of this width and height, or more: its window."""

_SSIM_SIGMA = 1.5
_SSIM_RADIUS = SMALLEST_FOR_SSIM // 2


def luma601(rgb: Array) -> Double:
    """Return the BT.601 luma Y = 16 + 65.481 R + 128.553 G + 24.966 B of an encoded picture.

    rgb: (3, H, W), encoded (as displayed), black 0 and white 1; not clamped.
    Returns (H, W) float64, 16..235 for 0..1, neither rounded nor clamped: where a protocol says 8-bit
    pictures, round the picture to 1/255 first. A pixel with a NaN is NaN. Raises InputError for another
    shape.
    Source: ITU-R BT.601-7, section 2.5.1 and 2.5.3, as in the `rgb2ycbcr` that published figures come from.
    """
    r, g, b = picture(rgb, "the picture")
    wr, wg, wb = WEIGHTS_601
    return np.asarray(16.0 + wr * r.astype(np.float64) + wg * g + wb * b)


def psnr_y(reference: Array, test: Array, crop: int = 0) -> float:
    """Return the peak signal-to-noise ratio in dB of two luma planes in 8-bit code values, peak 255.

    reference, test: (H, W), from `luma601`, or a grey picture times 255.
    crop: how many pixels to leave out on every side (the protocol of Set5: the scale).
    Returns inf for equal planes, NaN where a NaN is inside. Raises InputError where sizes differ or nothing
    remains.
    """
    r, t = _cropped(reference, test, crop)
    square = float(np.mean(np.square(t - r)))
    return float(10.0 * np.log10(255.0**2 / square)) if square else float("inf")


def ssim_y(reference: Array, test: Array, crop: int = 0) -> float:
    """Return the mean structural similarity of two luma planes in 8-bit code values.

    reference, test: (H, W), and crop, as for `psnr_y`. Returns -1..1, 1 for equal planes, NaN where a NaN is
    inside. Raises InputError where sizes differ or less than 11x11 pixels remain.
    Source: Wang, Bovik, Sheikh, Simoncelli, Image Quality Assessment: From Error Visibility to Structural
    Similarity, IEEE TIP 13(4), 2004: 11x11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, L = 255, mean
    over the positions where the window lies inside, no reduction of the size.
    """
    r, t = _cropped(reference, test, crop)
    if min(r.shape) < SMALLEST_FOR_SSIM:
        raise InputError(f"SSIM needs 11x11 pixels or more, not {r.shape[1]}x{r.shape[0]} (after cropping)")
    c1, c2 = (0.01 * 255.0) ** 2, (0.03 * 255.0) ** 2
    mr, mt = _window(r), _window(t)
    vr, vt = _window(r * r) - mr * mr, _window(t * t) - mt * mt
    cov = _window(r * t) - mr * mt
    index = (2 * mr * mt + c1) * (2 * cov + c2) / ((mr * mr + mt * mt + c1) * (vr + vt + c2))
    return float(np.mean(index))


def _cropped(reference: Array, test: Array, crop: int) -> tuple[Double, Double]:
    same_shape(plane(reference, "the reference luma"), plane(test, "the test luma"))
    height, width = reference.shape
    if crop < 0 or min(height, width) <= 2 * crop:
        raise InputError(f"cropping {crop} pixels from every side of {width}x{height} leaves nothing")
    inside = np.s_[crop : height - crop, crop : width - crop]
    return reference[inside].astype(np.float64), test[inside].astype(np.float64)


def _window(p: Double) -> Double:
    mean: Double = cv2.GaussianBlur(p, (SMALLEST_FOR_SSIM, SMALLEST_FOR_SSIM), _SSIM_SIGMA)
    return mean[_SSIM_RADIUS:-_SSIM_RADIUS, _SSIM_RADIUS:-_SSIM_RADIUS]
