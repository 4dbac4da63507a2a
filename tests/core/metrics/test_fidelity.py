from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from interneg.errors import InputError
from interneg.metrics.fidelity import luma601, psnr_y, ssim_y

Floats = NDArray[Any]


SET5 = Path(__file__).resolve().parents[3] / "../shared/data/dev/Set5/HR"


def slow_ssim(r: Floats, t: Floats) -> float:
    """The formula of Wang et al. 2004 with explicit windows."""
    d = np.arange(-5, 6)
    w = np.exp(-(d[:, None] ** 2 + d**2) / (2 * 1.5**2))
    w /= w.sum()
    c1, c2 = 6.5025, 58.5225
    values = []
    for y in range(5, r.shape[0] - 5):
        for x in range(5, r.shape[1] - 5):
            a, b = (p[y - 5 : y + 6, x - 5 : x + 6] for p in (r, t))
            ma, mb = (w * a).sum(), (w * b).sum()
            va, vb = (w * (a - ma) ** 2).sum(), (w * (b - mb) ** 2).sum()
            cov = (w * (a - ma) * (b - mb)).sum()
            values.append((2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    return np.mean(values)


def bicubic(planes: Floats, scale: int, inverse: bool = False) -> Floats:
    """The anti-aliased bicubic of the published test sets (a = -0.5, edges mirrored), 8-bit in and out."""

    def weights(size: int, out: int, factor: float) -> Floats:
        widen = max(1.0 / factor, 1.0)
        centre = (np.arange(out) + 0.5) / factor - 0.5
        taps = np.floor(centre - 2 * widen)[:, None] + np.arange(int(4 * widen) + 2)
        d = np.abs(centre[:, None] - taps) / widen
        far = np.where(d < 2, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2, 0)
        k = np.where(d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, far)
        index = np.mod(taps.astype(int), 2 * size)
        index = np.where(index >= size, 2 * size - 1 - index, index)
        m = np.zeros((out, size))
        np.add.at(m, (np.arange(out)[:, None], index), k / k.sum(1, keepdims=True))
        return m

    factor = scale if inverse else 1 / scale
    height, width = planes.shape[1:]
    rows = weights(height, round(height * factor), factor)
    columns = weights(width, round(width * factor), factor)
    return np.rint(np.clip(rows @ planes @ columns.T, 0, 255))


def test_luma_is_that_of_studio_range() -> None:
    patches = np.array([[0, 1, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]], np.float32)[:, None]
    assert luma601(patches)[0] == pytest.approx([16, 235, 81.481, 144.553, 40.966])
    assert luma601(np.full((3, 1, 1), 2, np.float32))[0, 0] == pytest.approx(16 + 2 * 219)


def test_psnr_of_a_known_error_and_the_crop() -> None:
    a = np.full((20, 30), 100.0)
    b = a + 5
    b[:2] = b[-2:] = 0
    b[:, :2] = b[:, -2:] = 0
    assert psnr_y(a, b, crop=2) == pytest.approx(20 * np.log10(255 / 5))
    assert psnr_y(a, b) < 20
    assert psnr_y(a, a) == np.inf


def test_ssim_agrees_with_the_formula_written_out() -> None:
    rng = np.random.default_rng(1)
    a = rng.uniform(0, 255, (19, 23))
    b = np.clip(a + rng.normal(0, 40, a.shape), 0, 255)
    assert ssim_y(a, b) == pytest.approx(slow_ssim(a, b), abs=1e-12)
    assert ssim_y(a, b, crop=2) == pytest.approx(slow_ssim(a[2:-2, 2:-2], b[2:-2, 2:-2]), abs=1e-12)
    assert ssim_y(a, a) == pytest.approx(1)


@pytest.mark.skipif(not SET5.is_dir(), reason="needs ../shared/data/dev/Set5")
@pytest.mark.parametrize(("scale", "psnr", "ssim"), [(2, 33.66, 0.9299), (4, 28.42, 0.8104)])
def test_bicubic_on_set5_gives_the_published_figures(scale: int, psnr: float, ssim: float) -> None:
    figures = []
    for file in sorted(SET5.glob("*.png")):
        rgb = np.asarray(cv2.imread(str(file)), np.float64)[:, :, ::-1].transpose(2, 0, 1)
        rgb = rgb[:, : rgb.shape[1] // 4 * 4, : rgb.shape[2] // 4 * 4]
        up = bicubic(bicubic(rgb, scale), scale, inverse=True)
        a, b = (np.rint(luma601(p / 255)) for p in (rgb, up))
        figures.append((psnr_y(a, b, scale), ssim_y(a, b, scale)))
    measured = np.mean(figures, axis=0)
    assert measured[0] == pytest.approx(psnr, abs=0.03)
    assert measured[1] == pytest.approx(ssim, abs=0.001)


def test_nan_makes_the_result_nan() -> None:
    a = np.zeros((16, 16))
    b = a.copy()
    b[8, 8] = np.nan
    assert np.isnan(psnr_y(a, b)) and np.isnan(ssim_y(a, b))


@pytest.mark.parametrize("measure", [psnr_y, ssim_y])
def test_misfits_are_refused(measure: Callable[..., float]) -> None:
    with pytest.raises(InputError, match="shape"):
        measure(np.zeros((20, 20)), np.zeros((20, 21)))
    with pytest.raises(InputError, match="leaves nothing"):
        measure(np.zeros((20, 20)), np.zeros((20, 20)), crop=10)
    with pytest.raises(InputError, match="floats"):
        measure(np.zeros((20, 20), np.uint8), np.zeros((20, 20), np.uint8))
    with pytest.raises(InputError, match="plane"):
        measure(np.zeros((3, 20, 20)), np.zeros((3, 20, 20)))


def test_ssim_needs_its_window() -> None:
    with pytest.raises(InputError, match="11x11"):
        ssim_y(np.zeros((7, 5)), np.zeros((7, 5)))
