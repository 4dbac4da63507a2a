from __future__ import annotations

import numpy as np

from interneg.frame import Pixels
from interneg.motion.calm import calmed
from interneg.motion.flow import Flow

VARIANCE = np.full((1, 1), (10 / 255) ** 2, np.float32)


def found(flat_motion: float) -> Flow:
    """Motion by 2 pixels, with what noise says in the right half: anything, without confidence."""
    rng = np.random.default_rng(0)
    field = np.full((96, 128, 2), 2, np.float32)
    field[:, 64:] += rng.normal(0, flat_motion, (96, 64, 2)).astype(np.float32)
    confidence = np.ones((96, 128), np.float32)
    confidence[:, 64:] = rng.uniform(0, 1, (96, 64))
    return Flow(field, confidence, 0)


def half_textured() -> Pixels:
    luma = np.full((96, 128), 0.9, np.float32)
    luma[:, :64] = np.random.default_rng(1).uniform(0.2, 0.8, (96, 64))
    return luma


def test_flat_parts_move_as_the_structure_around_and_are_known() -> None:
    calm = calmed(found(3), half_textured(), VARIANCE)
    assert np.abs(calm.field[:, 84:] - 2).max() < 0.5  # of up to 10 that noise says
    assert np.abs(np.diff(calm.field[:, 84:], axis=1)).max() < 0.1
    assert calm.confidence[8:-8, 76:120].min() > 0.95


def test_where_there_is_structure_the_motion_stays() -> None:
    motion = found(3)
    calm = calmed(motion, half_textured(), VARIANCE)
    np.testing.assert_allclose(calm.field[:, 4:52], motion.field[:, 4:52], atol=0.1)


def test_what_leaves_the_picture_is_not_known() -> None:
    calm = calmed(found(0), half_textured(), VARIANCE)
    assert (calm.confidence[-1] == 0).all() and (calm.confidence[:, -1] == 0).all()


def test_a_picture_without_structure_stays_at_rest() -> None:
    motion = Flow(np.zeros((40, 50, 2), np.float32), np.zeros((40, 50), np.float32), 0)
    calm = calmed(motion, np.full((40, 50), 0.5, np.float32), VARIANCE)
    assert (calm.field == 0).all() and (calm.confidence == 1).all()
