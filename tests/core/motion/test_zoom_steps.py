from __future__ import annotations

import itertools

import numpy as np
import pytest

from interneg.motion.measured_path import whole
from interneg.motion.path import steadied
from interneg.motion.similarity import Motion
from interneg.motion.zoom_steps import steps_of


def zooms(seed: int = 1, count: int = 40, weave: float = 0.0003) -> np.ndarray:
    """A slow zoom of a third of a percent a frame, with what a gate does to it."""
    return 0.0033 * np.arange(count) + weave * np.random.default_rng(seed).normal(size=count)


@pytest.mark.parametrize("size", [-0.02, -0.007, 0.007])
def test_a_step_is_found_and_stays(size: float) -> None:
    stepped = zooms() + size * (np.arange(40) >= 17)
    found = steps_of(stepped)
    assert not found[:17].any()
    np.testing.assert_allclose(found[17:], size, atol=0.001)


def test_a_zoom_its_start_and_weave_have_no_steps() -> None:
    for seed in range(20):
        assert not steps_of(zooms(seed)).any()
        assert not steps_of(np.maximum(zooms(seed) - 0.06, 0)).any()
        assert not steps_of(zooms(seed, weave=0.0007)).any()
    jump = zooms()
    jump[20] += 0.01
    assert not steps_of(jump).any(), "one frame alone is weave"
    assert not steps_of(zooms()[:3]).any()


def test_no_picture_is_blown_up_by_one_wrong_measurement() -> None:
    turns = np.exp(zooms() - 0.007 * (np.arange(40) >= 17))
    motions = [Motion(), *(Motion(b / a) for a, b in itertools.pairwise(turns))]
    sizes = [abs(move.turn) for move in whole(motions, 15)]
    assert max(sizes) - min(sizes) < 0.002
    for at in (14, 16, 17, 19):
        window = {k - at: Motion(turns[k] / turns[at]) for k in range(max(0, at - 15), min(40, at + 16))}
        assert abs(abs(steadied(window, 15).turn) - 1) < 0.0015
