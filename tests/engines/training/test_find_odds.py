from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.defects.odds import FACTS
from interneg.engines.training import find_odds


def test_what_facts_say_is_fitted() -> None:
    rng = np.random.default_rng(1)
    known = np.column_stack([rng.normal(0, 2, 20000), rng.uniform(0, 1, 20000), np.zeros(20000)])
    odds = 1 + 1.5 * np.abs(known[:, 0]) - 2
    shares = (rng.random(20000) < 1 / (1 + np.exp(-odds))).astype(float)
    start, lines = find_odds.fitted(known, shares, np.ones(20000))
    made = start + sum(np.interp(f, *line) for f, line in zip(known.T, lines, strict=True))
    usual = np.abs(known[:, 0]) < 4
    assert np.abs(made - odds)[usual].mean() < 0.35 and np.ptp(lines[1][1]) < 0.3


def test_the_table_is_a_module_that_adds_as_it_was_fitted() -> None:
    line = (np.array([0.0, 1.0]), np.array([-1.0, 2.0]))
    text = find_odds.table(0.25, [line] * (len(FACTS) + 1), 12, 3)
    found: dict[str, object] = {}
    exec(text, found)
    assert found["START"] == pytest.approx(-0.75)
    assert found["SHARES"] == {name: ((0.0, 1.0), (-1.0, 2.0)) for name in FACTS}
    assert found["FLIGHT"] == ((0.0, 1.0), (0.0, 3.0))
    assert "12 candidates in 3 windows" in text


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
