from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from interneg.colour.working import to_luma
from interneg.frame import Pixels
from interneg.io.recompression import through_video
from interneg.restore.codec_colour import deblock_colour, least_coefficient


def texture(height: int, width: int, seed: int) -> Pixels:
    """Soft noise of deviation 1 that half the rows and columns can hold."""
    noise = np.random.default_rng(seed).normal(size=(height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2)
    return soft / soft.std()


def split(picture: npt.NDArray[np.uint8]) -> Pixels:
    """(3, H, W) float32 luma, then colour, of an (H, W, 3) picture of 8 bits."""
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1).astype(np.float32) / 255, np.float32)
    to_luma(planes)
    return planes


def scene(seed: int) -> npt.NDArray[np.uint8]:
    """(160, 224, 3) uint8 R'G'B': coloured shapes with shading and texture."""
    rng = np.random.default_rng(seed)
    picture = np.full((160, 224, 3), rng.uniform(60, 190, 3), np.float32)
    for _ in range(25):
        centre = tuple(int(v) for v in rng.integers(0, (224, 160)))
        axes = tuple(int(v) for v in rng.integers(8, 50, 2))
        colour = tuple(float(v) for v in rng.uniform(20, 235, 3))
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    shade = 1 + 0.15 * texture(160, 224, seed)[..., None]
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1) * shade, 0, 255).astype(np.uint8)


def alone(planes: Pixels, level: float) -> Pixels:
    """What `deblock_colour` adds where no network has been at work on the colour."""
    return deblock_colour(planes, np.zeros_like(planes[1:]), level)


@pytest.mark.parametrize(
    ("codec", "options", "qscale"), [("mpeg2video", {}, 10), ("libx264", {"qp": "34"}, 0)]
)
def test_colour_is_nearer_to_the_truth_after_a_codec(
    codec: str, options: dict[str, str], qscale: int
) -> None:
    gains = []
    for seed in range(3):
        clean = scene(seed)
        (coded,) = through_video([clean], codec, options, group=1, qscale=qscale)
        truth, given = (split(p) for p in (clean, coded))
        after = given[1:] + alone(given, 0.58)
        errors = [float(np.mean(np.square(c - truth[1:]))) for c in (given[1:], after)]
        gains.append(10 * np.log10(errors[0] / errors[1]))
    assert np.mean(gains) > 0.3
    assert min(gains) > 0.1


def test_a_flat_field_stays() -> None:
    flat = np.full((3, 37, 52), 0.3, np.float32)
    assert np.abs(alone(flat, 0.7)).max() < 1e-6


def test_a_ramp_stays_a_ramp() -> None:
    y, x = np.mgrid[0:96, 0:128].astype(np.float32)
    planes = np.stack([0 * x + 0.4, 0.0004 * x, 0.0003 * y - 0.0002 * x])
    change = alone(planes, 0.7)
    assert np.abs(change[:, 24:-24, 24:-24]).max() < 0.02 / 255


def test_colour_that_follows_luma_stays_and_other_goes() -> None:
    own, other = texture(96, 128, 1), texture(96, 128, 2)
    weak = np.float32(0.15 * least_coefficient(0.6))
    for pattern, kept in ((own, True), (other, False)):
        planes = np.stack([0.4 + 0.05 * own, weak * pattern, -0.5 * weak * pattern])
        change = alone(planes, 0.6)[0][16:-16, 16:-16]
        share = float(change.std() / planes[1, 16:-16, 16:-16].std())
        assert share < 0.1 if kept else share > 0.6


def test_a_border_of_colour_alone_stays() -> None:
    planes = np.zeros((3, 64, 96), np.float32)
    planes[0], planes[1, :, :48], planes[2, :, 48:] = 0.4, 0.2, 0.15
    assert np.abs(alone(planes, 0.6)).max() < 2 / 255


def test_a_spot_that_one_plane_is_sure_of_stays_in_both() -> None:
    planes = np.zeros((3, 64, 64), np.float32)
    spot = cv2.GaussianBlur(np.pad(np.ones((8, 8), np.float32), 28), (0, 0), 2)
    planes[1], planes[2] = 0.3 * spot, 0.01 * spot
    together = alone(planes, 0.5)[1]
    planes[1] = 0
    single = alone(planes, 0.5)[1]
    assert np.abs(together).max() < 0.5 * np.abs(single).max()


def test_more_goes_at_a_higher_level() -> None:
    planes = np.stack([0.05 * texture(96, 96, 1), 0.01 * texture(96, 96, 2), 0.01 * texture(96, 96, 3)])
    moved = [float(np.abs(alone(planes, level)).mean()) for level in (0.1, 0.3, 0.5, 0.7)]
    assert moved == sorted(moved)
    assert moved[0] < 0.2 * moved[-1]


def test_what_a_network_left_after_taking_errors_is_not_taken_too() -> None:
    least = np.float32(least_coefficient(0.5))
    luma, *other = (texture(96, 96, seed) for seed in range(5))
    errors, colour = 0.3 * least * np.stack(other[:2]), 0.1 * least * np.stack(other[2:])
    restored = np.stack([0.4 + 0.05 * luma, *colour])
    blind, aware = (deblock_colour(restored, taken, 0.5) for taken in (0 * errors, -errors))
    assert np.abs(aware).mean() < 0.3 * np.abs(blind).mean()


def test_a_part_gives_what_the_whole_gives() -> None:
    rng = np.random.default_rng(0)
    planes = rng.normal(0, 0.02, (3, 160, 192)).astype(np.float32)
    whole = alone(planes, 0.6)
    part = alone(planes[:, 16:144, 24:160], 0.6)
    np.testing.assert_allclose(part[:, 20:-20, 20:-20], whole[:, 36:124, 44:140], atol=1e-7)
    np.testing.assert_array_equal(whole, alone(planes, 0.6))


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (7, 5), (33, 17)])
def test_any_size(size: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).normal(0, 0.02, (3, *size)).astype(np.float32)
    change = alone(planes, 0.6)
    assert change.shape == (2, *size) and np.isfinite(change).all()
