from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import cv2

from interneg.engines.training.grain_rival import histogram, spectrum, trained
from interneg.engines.training.grain_told import Areas, real, told_apart
from interneg.frame import Pixels

ROOT = Path(__file__).parents[3]
APART = partial(told_apart, steps=40)


def alone(function: Callable[..., float], *arguments: object) -> float:
    """What a function that trains comes to, in a process of its own with one thread of torch.

    In the tests' own process, changing the number of threads back and forth crashed later tests of training.
    """
    code = (
        "import pickle, sys, torch; torch.set_num_threads(1); "
        "function, arguments = pickle.load(sys.stdin.buffer); print(function(*arguments))"
    )
    given = pickle.dumps((function, arguments))
    done = subprocess.run(
        [sys.executable, "-c", code], input=given, capture_output=True, cwd=ROOT, check=True
    )
    return float(done.stdout.split()[-1])


def grain(count: int, seed: int, softness: float = 0.7) -> Pixels:
    found = np.random.default_rng(seed).standard_normal((count, 1, 64, 64), dtype=np.float32)
    for area in found:
        area[0] = cv2.GaussianBlur(area[0], (0, 0), softness)
    return found


def test_grain_of_another_size_is_told_apart_and_the_same_is_not() -> None:
    there = grain(20, 1)
    assert alone(APART, there, grain(20, 2, 1.0)) > 0.9
    assert alone(APART, there, grain(20, 2)) == pytest.approx(0.5, abs=0.2)


def test_strength_alone_is_not_told_apart() -> None:
    there = grain(20, 1)
    assert alone(APART, there, 1.5 * grain(20, 2)) == pytest.approx(0.5, abs=0.2)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Areas:
    """A grey still with soft grain."""
    plate = 110 + 6 * np.random.default_rng(1).standard_normal((512, 512))
    path: Path = tmp_path_factory.mktemp("stills") / "grey.png"
    cv2.imwrite(str(path), np.clip(np.rint(cv2.GaussianBlur(plate, (0, 0), 0.7)), 0, 255).astype(np.uint8))
    found = real(path)
    assert found is not None
    return found


def test_areas_of_a_still_are_met_by_filtered_noise(still: Areas) -> None:
    assert len(still.places) >= 30
    made = still.filtered(1)
    assert made.shape == still.there.shape
    assert made.std() == pytest.approx(still.there.std(), rel=0.02)
    assert spectrum(still.there, made) < 0.5
    assert histogram(still.there, made) < 0.01


def distance(still: Areas, steps: int) -> float:
    """Of the grain that a network makes after so many steps of training from that of the plate."""
    maker = trained(still, steps=steps)
    return spectrum(still.there, still.seen(maker.field(512, 512, 1)))


def test_a_network_learns_the_spectrum_of_a_plate(still: Areas) -> None:
    assert alone(distance, still, 40) < alone(distance, still, 1)


def test_a_still_without_flat_areas_is_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "busy.png"), np.random.default_rng(1).integers(0, 255, (256, 256), np.uint8))
    assert real(tmp_path / "busy.png") is None
