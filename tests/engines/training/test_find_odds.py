from __future__ import annotations

import io
from importlib.resources import files

import numpy as np
import pytest

from interneg.defects.company import COMPANY
from interneg.defects.odds import FACTS, log_odds
from interneg.engines.training import find_odds


def test_what_facts_say_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(size=(6000, len(FACTS) + 1))
    odds = 4 * known[:, 0] * known[:, 1] - 1
    shares = (rng.random(len(known)) < 1 / (1 + np.exp(-odds))).astype(float)
    made = find_odds.trained(known, shares, np.ones(len(known)), 1, steps=400)
    monkeypatch.setattr("interneg.defects.odds._weights", lambda name: made)
    fresh = rng.normal(size=(1000, len(FACTS) + 1))
    true = 4 * fresh[:, 0] * fresh[:, 1] - 1
    found = log_odds(fresh[:, :-1], fresh[:, -1])
    assert np.corrcoef(np.clip(found, -3, 3), np.clip(true, -3, 3))[0, 1] > 0.8


@pytest.mark.parametrize(("name", "further"), [("odds.npz", 1), ("odds_in_company.npz", 2 + len(COMPANY))])
def test_the_weights_that_come_with_the_project_are_of_this_kind(name: str, further: int) -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(size=(50, len(FACTS) + further))
    made = find_odds.trained(known, np.full(50, 0.5), np.ones(50), 1, steps=2)
    with np.load(io.BytesIO((files("interneg.defects") / name).read_bytes())) as stored:
        assert {name: value.shape for name, value in stored.items()} == {n: v.shape for n, v in made.items()}
        assert {value.dtype for value in stored.values()} == {np.dtype(np.float32)}


def test_each_half_of_the_seeds_trains_networks_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        find_odds.main(["damage.tar", ".", "clip", "--seeds", "1"])
    assert "--seeds: two or more are needed" in capsys.readouterr().err
