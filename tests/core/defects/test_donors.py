from __future__ import annotations

import cv2
import numpy as np

from interneg.defects.donors import Donor, Fit, fitted
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Neighbour
from interneg.defects.pieces import Piece, pieces
from interneg.frame import Mask, Pixels

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


def fit(own: Pixels, at: Piece, n: Neighbour, other: Pixels, spoilt: Mask | None = None) -> Fit:
    planes, shown = own.transpose(2, 0, 1), Donor(n, other.transpose(2, 0, 1), spoilt)
    ((only,),) = fitted(planes, [at], [shown])
    return only


def test_a_flow_that_is_off_by_two_pixels_is_mended() -> None:
    own, at = texture(), piece()
    other = moved(own, 5.0, -3.0)
    found = fit(own, at, neighbour(3.5, -1.5), other)
    assert np.abs(found.patch - own[at.area])[at.hole].mean() < 0.01
    assert found.misfit < 0.01 and found.whole.all()


def test_a_difference_of_light_is_no_misfit() -> None:
    own, at = texture(), piece()
    found = fit(own, at, neighbour(0, 0), own + np.float32(0.2))
    assert found.misfit < 1e-5
    np.testing.assert_allclose(found.patch, own[at.area] + np.float32(0.2), atol=1e-5)


def test_what_is_damaged_is_told_and_not_looked_at() -> None:
    own, at = texture(), piece()
    spoilt = np.zeros(SIZE, bool)
    spoilt[:, 66:72] = True
    other = np.where(spoilt[..., None], np.float32(5), own)
    found = fit(own, at, neighbour(0, 0), other, spoilt)
    assert found.misfit < 1e-3
    np.testing.assert_array_equal(found.whole, ~spoilt[at.area])
    assert np.isinf(fit(own, at, neighbour(0, 0), other, np.ones(SIZE, bool)).misfit)


def test_a_flow_out_of_the_picture_is_no_error() -> None:
    own, at = texture(), piece()
    for x, y in ((1e4, 0), (-1e6, 3e5), (0, 80)):
        found = fit(own, at, neighbour(x, y), own)
        assert np.isfinite(found.patch).all() and found.misfit > 0.05


def test_many_pieces_are_fitted_as_each_by_itself() -> None:
    own, hole = texture(), np.zeros(SIZE, bool)
    for y in range(8, 110, 9):
        hole[y : y + 3, 8:140:9] = True
    every, far = list(pieces(hole)), texture(1)
    spoilt = far[..., 0] > np.quantile(far[..., 0], 0.95)
    shown = [
        Donor(neighbour(1.5, 0.5), moved(own, 1.5, -0.5).transpose(2, 0, 1), spoilt),
        Donor(neighbour(0, 0), far.transpose(2, 0, 1)),
    ]
    assert len(every) > 128
    together = fitted(own.transpose(2, 0, 1), every, shown)
    for at, found in list(zip(every, together, strict=True))[::20]:
        (alone,) = fitted(own.transpose(2, 0, 1), [at], shown)
        for a, b in zip(alone, found, strict=True):
            np.testing.assert_array_equal(a.patch, b.patch)
            np.testing.assert_array_equal(a.whole, b.whole)
            assert a.misfit == b.misfit


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
