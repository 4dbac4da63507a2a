"""Motions: what the motion may be in a hole, and that pieces beside each other change nothing."""

import numpy as np

from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Neighbour
from interneg.defects.motions import MOST, motions
from interneg.defects.pieces import pieces

SIZE = (160, 200)


def neighbour(seed: int) -> Neighbour:
    rng = np.random.default_rng(seed)
    field = rng.normal(size=(SIZE[0] // 2, SIZE[1] // 2, 2)).astype(np.float32)
    sure = (rng.random(field.shape[:2]) < 0.8).astype(np.float32)
    return Neighbour(1, Enlarged(field, SIZE), Enlarged(sure, SIZE), np.zeros(SIZE, np.float32))


def test_a_motion_that_is_the_same_around_is_continued() -> None:
    hole = np.zeros(SIZE, np.bool_)
    hole[70:80, 90:100] = True
    field = np.tile(np.array([3, -2], np.float32), (*SIZE, 1))
    field[hole] = 50
    there = Neighbour(
        1, Enlarged(field, SIZE), Enlarged((~hole).astype(np.float32), SIZE), np.zeros(SIZE, np.float32)
    )
    ((found,),) = motions(list(pieces(hole)), [there])
    assert len(found) == MOST
    for motion in found:
        np.testing.assert_allclose(motion.reshape(2, -1).T, np.tile([3, -2], (motion[0].size, 1)), atol=1e-4)


def test_pieces_beside_each_other_have_the_motions_of_each_alone() -> None:
    hole = np.zeros(SIZE, np.bool_)
    hole[5:150, 96:100] = True
    hole[20:30, 20:30] = True
    some, around = list(pieces(hole)), [neighbour(1), neighbour(2)]
    assert len(some) > 4
    for piece, together in zip(some, motions(some, around), strict=True):
        (alone,) = motions([piece], around)
        for a, b in zip(alone, together, strict=True):
            assert len(a) == len(b)
            for one, other in zip(a, b, strict=True):
                np.testing.assert_array_equal(one, other)
