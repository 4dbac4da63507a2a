from __future__ import annotations

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_the_demo_lays_a_restored_scan_beside_the_original(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    demo = runpy.run_path(str(EXAMPLES / "demo.py"))
    demo["main"](tmp_path, "22-23")
    told = capfd.readouterr().out
    assert all(str(tmp_path / name) in told for name in ("before_after.mp4", "before_after.jpg"))
    assert (tmp_path / "before_after.mp4").stat().st_size > 0
    sheet = np.asarray(cv2.imread(str(tmp_path / "before_after.jpg")))
    assert sheet.shape == (
        2 * 368 + demo["HEADER"],
        960,
        3,
    )

    pairs = [
        np.asarray(cv2.imread(str(tmp_path / f"before_after.{n:04d}.png")), np.float32) for n in (22, 23)
    ]
    scan = cv2.imread(str(EXAMPLES / "market_street" / "scan.0023.png"))
    assert (pairs[1][:, :480] == scan).all()
    before, after = ([p[:, side].mean() for p in pairs] for side in (np.s_[:480], np.s_[480:]))
    # Frame 23 is lighter than the one before it, and less so when restored.
    assert before[1] - before[0] > 5
    assert abs(after[1] - after[0]) < 0.5 * (before[1] - before[0])


def test_the_frames_are_small() -> None:
    assert sum(p.stat().st_size for p in (EXAMPLES / "market_street").iterdir()) < 3 * 2**20
