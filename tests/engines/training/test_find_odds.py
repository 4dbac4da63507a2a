from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.defects.company import COMPANY
from interneg.defects.odds import FACTS, log_odds
from interneg.engine import NoEngines
from interneg.engines.training import find_odds
from interneg.engines.training.find_damage import Real
from interneg.frame import Pixels
from interneg.memo import Memo
from interneg.node import Context, View


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


def test_the_second_networks_see_what_the_first_answer_and_the_others() -> None:
    rng = np.random.default_rng(2)
    facts, places = rng.normal(size=(5, len(FACTS) + 1)), rng.uniform(0, 300, (5, 2))
    signs, own = np.array([1, -1, 1, 1, -1]), rng.normal(size=5)
    frame = find_odds.Examples(
        facts, np.zeros(5), np.full(5, 9.0), np.zeros(5, np.bool_), signs, places, (320, 384)
    )
    made = frame.beside(own)
    assert made.shape == (5, len(FACTS) + 2 + len(COMPANY))
    np.testing.assert_array_equal(made[:, : len(FACTS) + 1], facts)
    np.testing.assert_array_equal(made[:, len(FACTS) + 1], own)


def test_each_half_of_the_seeds_trains_networks_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        find_odds.main(["damage.tar", ".", "clip", "--seeds", "1"])
    assert "--seeds: two or more are needed" in capsys.readouterr().err


def test_a_clip_of_too_few_frames_is_refused(tmp_path: Path) -> None:
    for t in range(3):
        cv2.imwrite(str(tmp_path / f"{t}.jpg"), np.full((32, 32), 90, np.uint8))
    with pytest.raises(ValueError, match="holds 3 JPEG frames: a clip has at least 5"):
        next(find_odds.windows([tmp_path], 1, 1))


def test_windows_are_five_frames_of_one_clip(tmp_path: Path) -> None:
    for t in range(9):
        cv2.imwrite(str(tmp_path / f"{t}.jpg"), np.full((330, 32), 20 * t, np.uint8))
    for clip, _ in find_odds.windows([tmp_path], 4, 1):
        assert {p.shape for p in clip} == {(320, 32)}
        steps = np.diff([round(255 * float(p.mean()) / 20) for p in clip])
        assert steps.tolist() in ([1] * 4, [-1] * 4)


def test_some_windows_stand_still_without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[Pixels]] = []

    def seen(view: View, _: object) -> None:
        shown.append([frame.pixels for frame in view.window.frames])

    monkeypatch.setattr(find_odds, "evidence", seen)
    monkeypatch.setattr(find_odds, "neighbours", lambda _: [])
    rng = np.random.default_rng(5)
    clip = [rng.random((40, 48)).astype(np.float32) for _ in range(5)]
    for still in (1.0, 0.0):
        for name, share in (("_STILL", still), ("_THING", 0), ("_DAMAGED", 0), ("_FILM", 1), ("_CODED", 0)):
            monkeypatch.setattr(find_odds, name, share)
        assert find_odds.examples(clip, Real({}, []), Context(Colour(), NoEngines(), Memo(9)), rng) is None
    for first, frames in zip((True, False), shown, strict=True):
        assert all(np.array_equal(frames[0], frame) for frame in frames) is first
