from __future__ import annotations

import cv2
import numpy as np

from interneg.defects.donors import Piece, fitted, pieces
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Neighbour
from interneg.frame import Pixels

SIZE = (120, 150)


def texture(seed: int = 0) -> Pixels:
    noise = np.random.default_rng(seed).random((*SIZE, 3), np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2.0) * 3, np.float32)


def neighbour(x: float, y: float) -> Neighbour:
    field = np.broadcast_to(np.array([x, y], np.float32), (*SIZE, 2)).copy()
    sure = Enlarged(np.ones(SIZE, np.float32), SIZE)
    return Neighbour(1, Enlarged(field, SIZE), sure, np.zeros(SIZE, np.float32))


def moved(picture: Pixels, x: float, y: float) -> Pixels:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return np.asarray(cv2.warpAffine(picture, matrix, SIZE[::-1], flags=cv2.INTER_CUBIC), np.float32)


def piece() -> Piece:
    hole = np.zeros(SIZE, bool)
    hole[50:62, 70:84] = True
    (only,) = pieces(hole)
    return only


def test_a_flow_that_is_off_by_two_pixels_is_mended() -> None:
    own, at = texture(), piece()
    other = moved(own, 5.0, -3.0)
    patch, misfit = fitted(own[at.area], at, neighbour(3.5, -1.5), other)
    assert np.abs(patch - own[at.area])[at.hole].mean() < 0.01
    assert misfit < 0.01


def test_a_difference_of_light_is_no_misfit() -> None:
    own, at = texture(), piece()
    patch, misfit = fitted(own[at.area], at, neighbour(0, 0), own + np.float32(0.2))
    assert misfit < 1e-5
    np.testing.assert_allclose(patch, own[at.area] + np.float32(0.2), atol=1e-5)


def test_what_is_damaged_is_told_and_not_looked_at() -> None:
    own, at = texture(), piece()
    spoilt = np.zeros(SIZE, bool)
    spoilt[:, 66:72] = True
    other = np.where(spoilt[..., None], np.float32(5), own)
    patch, misfit = fitted(own[at.area], at, neighbour(0, 0), other, spoilt)
    assert patch.shape[2] == 4 and misfit < 1e-3
    np.testing.assert_array_equal(patch[..., 3] > 0.5, spoilt[at.area])


def test_a_flow_out_of_the_picture_is_no_error() -> None:
    own, at = texture(), piece()
    for x, y in ((1e4, 0), (-1e6, 3e5), (0, 80)):
        patch, misfit = fitted(own[at.area], at, neighbour(x, y), own)
        assert np.isfinite(patch).all() and misfit > 0.05


def test_the_parts_of_a_large_hole_overlap_and_add_up_to_one() -> None:
    hole = np.asarray(cv2.circle(np.zeros(SIZE, np.uint8), (75, 60), 45, 1, -1) > 0)
    total = np.zeros(SIZE, np.float32)
    parts = list(pieces(hole))
    for part in parts:
        assert part.share is not None and part.ring.sum() >= 24
        total[part.area] += part.share * part.hole
        assert not (part.ring & hole[part.area]).any()
    assert len(parts) > 4 and any(part.far for part in parts)
    np.testing.assert_allclose(total, hole, atol=1e-5)
