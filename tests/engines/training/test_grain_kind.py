from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interneg.engines.training import grain_kind
from interneg.engines.training.grain_plates import HEIGHT, WIDTH, plate
from interneg.grain.kind import film_probability
from tests.pictures import picture


def test_training_tells_two_kinds_apart() -> None:
    rng = np.random.default_rng(0)
    film = rng.random(400) < 0.5
    rows = (rng.normal(size=(400, 5)) + 2 * film[:, None]).astype(np.float32)
    weights = grain_kind.trained(rows[:200], film[:200])
    assert ((film_probability(rows[200:], weights) > 0.5) == film[200:]).mean() > 0.95


@pytest.mark.parametrize("held", [False, True])
def test_plates_are_of_both_kinds_and_the_same_again(held: bool) -> None:
    stills = [picture(256, 256)]
    made = [plate(np.random.default_rng(k), stills, held) for k in range(8)]
    assert {p.film for p in made} == {False, True}
    for found in made:
        assert all(f.shape[1:] == (HEIGHT, WIDTH) and np.isfinite(f).all() for f in found.frames)
    again = plate(np.random.default_rng(0), stills, held)
    assert again.what == made[0].what
    np.testing.assert_array_equal(again.frames[1], made[0].frames[1])


def test_a_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grain_kind, "_PART", 2)
    first = grain_kind.part(0, False, [picture(256, 256)], tmp_path)
    monkeypatch.setattr(grain_kind, "plate", None)
    second = grain_kind.part(0, False, [], tmp_path)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]
