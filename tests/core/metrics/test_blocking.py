from __future__ import annotations

import io
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from interneg.errors import InputError
from interneg.metrics.blocking import Grid, blockiness, blockiness_excess, find_grid

Floats = NDArray[Any]


def scene(height: int = 208, width: int = 272, seed: int = 4) -> Floats:
    """A clean grey picture in 8-bit codes whose spectrum falls like that of natural pictures."""
    noise = np.random.default_rng(seed).standard_normal((height, width))
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = np.inf
    p = np.fft.ifft2(np.fft.fft2(noise) / frequency**1.1).real
    return np.clip(120 + 45 * p / p.std(), 0, 255)


def jpeg(luma: Floats, quality: int) -> Floats:
    _, data = cv2.imencode(".jpg", np.rint(luma).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float64)


def h264(luma: Floats, qp: int) -> Floats:
    """The first frame after libx264 at a constant quantiser, in-loop filter on."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as movie:
        stream = movie.add_stream("libx264", rate=24, options={"qp": str(qp), "threads": "1"})
        stream.height, stream.width = luma.shape
        stream.pix_fmt = "gray"
        frame = av.VideoFrame.from_ndarray(np.rint(luma).astype(np.uint8), format="gray")
        movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    file.seek(0)
    with av.open(file) as movie:
        return next(movie.decode(video=0)).to_ndarray(format="gray").astype(np.float64)


@pytest.mark.parametrize("seed", range(4))
def test_a_clean_picture_has_no_grid_and_no_blockiness(seed: int) -> None:
    clean = scene(seed=seed)
    assert find_grid(clean) is None
    figures = [blockiness(clean, Grid(8, x, y)) for x in range(0, 8, 3) for y in range(0, 8, 3)]
    assert np.abs(np.mean(figures)) < 0.03
    assert np.max(np.abs(figures)) < 0.12


def test_flat_pictures_and_white_noise_have_none() -> None:
    flat = np.full((100, 120), 80.0)
    assert find_grid(flat) is None and blockiness(flat, Grid(8, 0, 0)) == 0
    assert find_grid(np.random.default_rng(0).normal(128, 20, (200, 260))) is None


def test_it_grows_as_jpeg_quality_falls() -> None:
    clean = scene()
    excess = [blockiness_excess(clean, jpeg(clean, q), Grid(8, 0, 0)) for q in (90, 75, 50, 30, 15, 6)]
    assert excess == sorted(excess)
    assert abs(excess[0]) < 0.1 and excess[-1] > 2


def test_it_grows_with_the_quantiser_of_h264() -> None:
    clean = scene()
    excess = [blockiness_excess(clean, h264(clean, qp), Grid(8, 0, 0)) for qp in (22, 30, 37, 44)]
    assert excess == sorted(excess)
    assert abs(excess[0]) < 0.03 and excess[2] > 0.1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 5), (7, 1)])
def test_the_phase_of_a_cropped_jpeg_is_found(x: int, y: int) -> None:
    cropped = jpeg(scene(), 30)[(8 - y) % 8 :, (8 - x) % 8 :]
    assert find_grid(cropped) == Grid(8, x, y)
    assert blockiness(cropped, Grid(8, x, y)) > 0.5 > blockiness(cropped, Grid(8, (x + 4) % 8, (y + 4) % 8))


def test_macroblocks_are_told_from_blocks() -> None:
    rng = np.random.default_rng(3)
    for period in (8, 16):
        blocks = np.kron(rng.uniform(-20, 20, (30, 30)), np.ones((period, period)))[:208, :272]
        blocky = scene()[: blocks.shape[0], : blocks.shape[1]] + blocks
        assert find_grid(blocky[4:, 9:]) == Grid(period, (-9) % period, (-4) % period)


def test_deblocking_by_ninety_percent_reads_as_such() -> None:
    clean = scene()
    damaged = jpeg(clean, 25)
    better = clean + 0.1 * (damaged - clean)
    grid = find_grid(damaged)
    assert grid == Grid(8, 0, 0)
    assert blockiness_excess(clean, better, grid) < 0.1 * blockiness_excess(clean, damaged, grid)


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError, match="12x12"):
        find_grid(np.zeros((7, 5)))
    with pytest.raises(InputError, match="border"):
        blockiness(np.zeros((13, 13)), Grid(16, 0, 0))
    with pytest.raises(InputError, match="period"):
        blockiness(np.zeros((64, 64)), Grid(4, 0, 0))
    with pytest.raises(InputError, match="period"):
        blockiness(np.zeros((64, 64)), Grid(8, 8, 0))
    with pytest.raises(InputError, match="shape"):
        blockiness_excess(np.zeros((64, 64)), np.zeros((64, 65)), Grid(8, 0, 0))


def test_small_pictures_and_nan_have_no_grid() -> None:
    assert find_grid(np.kron(np.eye(2), np.ones((8, 8))) * 255) is None
    broken = jpeg(scene(), 20)
    broken[50, 60] = np.nan
    assert find_grid(broken) is None
    assert np.isnan(blockiness(broken, Grid(8, 0, 0)))
