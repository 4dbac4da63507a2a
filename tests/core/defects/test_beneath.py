from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.beneath import uncovered
from interneg.defects.lines import Scratch
from interneg.frame import Pixels

HEIGHT, WIDTH, AT = 160, 60, 30
ROWS = np.linspace(0, HEIGHT, 6).astype(int)
LINE = Scratch(np.full(5, float(AT)), ROWS, np.ones(5, bool), 1, 1.5, 9.0)


def picture() -> Pixels:
    """Texture down the columns, the same across them, so that the sides tell what is beneath."""
    fine = np.random.default_rng(0).normal(0, 0.05, (1, HEIGHT, 1))
    return np.repeat(0.4 + fine, WIDTH, 2).astype(np.float32)


def scratched(cover: float) -> Pixels:
    made = picture()
    made[..., AT - 1 : AT + 2] += cover * (0.9 - made[..., AT - 1 : AT + 2])
    return made


@pytest.mark.parametrize("cover", [0.2, 0.4])
def test_what_a_translucent_scratch_lets_through_is_kept(cover: float) -> None:
    made, wrong = uncovered(scratched(cover), [LINE], 1)
    inside = np.s_[:, 15:-15, AT]
    before, after = (np.abs(p - picture())[inside].mean() for p in (scratched(cover), made))
    assert after < before / 3
    assert np.corrcoef(made[inside].ravel(), picture()[inside].ravel())[0, 1] > 0.9
    assert np.isfinite(wrong[15:-15, AT]).all()


def test_nothing_is_seen_beneath_an_opaque_scratch_nor_away_from_it() -> None:
    made, wrong = uncovered(scratched(1.0), [LINE], 1)
    assert np.isinf(wrong[:, AT]).all()
    assert np.isinf(wrong[:, : AT - 5]).all() and np.isinf(wrong[:, AT + 6 :]).all()
    np.testing.assert_array_equal(made[..., : AT - 5], picture()[..., : AT - 5])
