from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.motion.resample import PlaneKind, kind_of, origin, resampled
from interneg.motion.similarity import Motion, points

SIZE = (60, 80)


def test_no_way_is_exactly_none() -> None:
    plane = np.random.default_rng(1).normal(size=(1, *SIZE)).astype(np.float32)
    at = origin(SIZE, Motion(), None, 1.0)
    for kind in PlaneKind:
        np.testing.assert_array_equal(resampled(plane, at, kind), plane)
    assert not at.outside.any()


def test_the_origin_of_a_pixel_is_where_the_motion_comes_from() -> None:
    motion = Motion(1.02 * np.exp(0.05j), 3 - 2j)
    at = origin(SIZE, motion, None, 1.0)
    z, middle = points(*SIZE, SIZE), complex(39.5, 29.5)
    np.testing.assert_allclose(motion(at.x + 1j * at.y - middle), z, atol=1e-4)
    half = origin(SIZE, motion, None, 0.5)
    np.testing.assert_allclose(half.x - (z.real + 39.5), (at.x - (z.real + 39.5)) / 2, atol=1e-4)


def test_labels_are_never_mixed_and_nan_stays_in_its_pixel() -> None:
    plane = np.random.default_rng(1).integers(0, 9, (1, *SIZE)).astype(np.float32)
    at = origin(SIZE, Motion(np.exp(0.03j), 1.4), None, 1.0)
    assert set(np.unique(resampled(plane, at, PlaneKind.LABEL))) <= set(range(9))
    plane[0, 30, 40] = np.nan
    assert 0 < np.isnan(resampled(plane, at)).sum() <= 2


def hard_edges() -> Pixels:
    """(1, H, W): 0.1 and 0.9, straight and aslant."""
    y, x = np.indices(SIZE)
    return np.where((x > 40) ^ (x + 2 * y > 110), 0.9, 0.1)[None].astype(np.float32)


def test_the_result_follows_the_shift_smoothly() -> None:
    made = [resampled(hard_edges(), origin(SIZE, Motion(1, k / 64), None, 1.0)) for k in range(129)]
    assert np.abs(np.diff(made, axis=0)).max() < 0.04


def lanczos(plane: Pixels, x: float, y: float) -> np.ndarray:
    """(H, W) float64: the plane as seen from (x, y) away, by the kernel itself; it repeats."""
    made = plane.astype(np.float64)
    for axis, way in ((1, x), (0, y)):
        taps = np.arange(-3, 5) + np.floor(way)
        weights = np.sinc(taps - way) * np.sinc((taps - way) / 4)
        rolled = [np.roll(made, -int(tap), axis) for tap in taps]
        made = np.tensordot(weights / weights.sum(), rolled, 1)
    return made


@pytest.mark.parametrize("way", [0.01, 0.0156, 0.265625, 0.49, -1.7])
def test_places_are_met_to_less_than_opencv_knows(way: float) -> None:
    plane = np.random.default_rng(3).normal(0.5, 0.5, SIZE)
    plane = cv2.GaussianBlur(plane, (0, 0), 1.2).astype(np.float32)
    seen = resampled(plane[None], origin(SIZE, Motion(1, complex(-way, -0.7 * way)), None, 1.0))[0]
    apart = (seen - lanczos(plane, way, 0.7 * way))[8:-8, 8:-8]
    assert np.sqrt(np.mean(apart**2)) < 3e-4  # from 7e-4 to 14e-4 at the nearest 1/32 of a pixel


def test_an_aov_that_is_a_multiple_stays_one_and_alpha_stays_within_its_range() -> None:
    plane, at = hard_edges(), origin(SIZE, Motion(np.exp(0.03j), 1.4 + 0.6j), None, 1.0)
    light = resampled(plane, at)
    assert light.max() > 0.92 and light.min() < 0.09
    np.testing.assert_allclose(resampled(3.7 * plane, at), 3.7 * light, rtol=1e-5)
    alpha = resampled((plane > 0.5).astype(np.float32), at, PlaneKind.ALPHA)
    assert (alpha.min(), alpha.max()) == (0, 1) and np.unique(alpha).size > 20


def test_what_a_channel_holds() -> None:
    found = [kind_of(c, "half") for c in ("A", "left.A", "spec.R", "matte", "Z")]
    assert found == [PlaneKind.ALPHA, PlaneKind.ALPHA, PlaneKind.LIGHT, PlaneKind.LIGHT, PlaneKind.LABEL]
    assert kind_of("id", "uint32") is PlaneKind.LABEL


def test_what_turns_is_turned_as_it_is_seen() -> None:
    motion = Motion(np.exp(0.1j))
    at = origin(SIZE, motion, None, 1.0, aspect=2.0)
    seen = complex(2 * (at.x[10, 60] - 39.5), at.y[10, 60] - 29.5)
    assert abs(motion(np.array(seen)) - complex(2 * (60 - 39.5), 10 - 29.5)) < 1e-4
