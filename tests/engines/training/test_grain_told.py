from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import cv2
import torch

from interneg.engines.training.grain_rival import Maker, histogram, spectrum, trained
from interneg.engines.training.grain_told import Areas, real, told_apart
from interneg.frame import Pixels


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def grain(count: int, seed: int, softness: float = 0.7) -> Pixels:
    found = np.random.default_rng(seed).standard_normal((count, 1, 64, 64), dtype=np.float32)
    for area in found:
        area[0] = cv2.GaussianBlur(area[0], (0, 0), softness)
    return found


def test_grain_of_another_size_is_told_apart_and_the_same_is_not() -> None:
    there = grain(20, 1)
    assert told_apart(there, grain(20, 2, 1.0), steps=40) > 0.9
    assert told_apart(there, grain(20, 2), steps=40) == pytest.approx(0.5, abs=0.2)


def test_strength_alone_is_not_told_apart() -> None:
    there = grain(20, 1)
    assert told_apart(there, 1.5 * grain(20, 2), steps=40) == pytest.approx(0.5, abs=0.2)


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


def test_a_network_learns_the_spectrum_of_a_plate(still: Areas) -> None:
    def distance(maker: Maker) -> float:
        return spectrum(still.there, still.seen(maker.field(512, 512, 1)))

    assert distance(trained(still, steps=40)) < distance(trained(still, steps=1))


def test_a_still_without_flat_areas_is_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "busy.png"), np.random.default_rng(1).integers(0, 255, (256, 256), np.uint8))
    assert real(tmp_path / "busy.png") is None
