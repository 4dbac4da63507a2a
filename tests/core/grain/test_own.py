from __future__ import annotations

import numpy as np
import pytest

from interneg.grain.own import regrained
from tests.pictures import picture

CLEAN = picture(96, 128)
PLATE = CLEAN + np.random.default_rng(0).normal(0, 0.03, CLEAN.shape).astype(np.float32)
MADE = np.random.default_rng(1).normal(0, 0.03, CLEAN.shape).astype(np.float32)


def test_what_was_not_changed_is_the_plate_bit_for_bit() -> None:
    done = regrained(CLEAN, CLEAN, PLATE, MADE, 0.002)
    assert done.untouched.all()
    np.testing.assert_array_equal(done.planes, PLATE)


def test_what_was_changed_gets_grain_that_is_made_and_the_rest_stays() -> None:
    work = CLEAN.copy()
    work[:, 20:70, 30:90] = 0.5
    done = regrained(work, CLEAN, PLATE, MADE, 0.002)
    outside = np.ones(work.shape[1:], bool)
    outside[20:70, 30:90] = False
    np.testing.assert_array_equal(done.planes[:, outside], PLATE[:, outside])
    np.testing.assert_allclose(done.planes[:, 35:55, 45:75], (work + MADE)[:, 35:55, 45:75], atol=1e-6)


def test_grain_is_as_strong_across_the_seam() -> None:
    work = CLEAN.copy()
    work[:, :, 64:] = 0.5
    noise = np.random.default_rng(2).normal(0, 0.03, (40, *CLEAN.shape)).astype(np.float32)
    results = []
    for own, made in zip(noise[:20], noise[20:], strict=True):
        results.append(regrained(work, CLEAN, CLEAN + own, made, 0.002).planes - work)
    over = np.stack(results).std(axis=(0, 1, 2))
    assert over[64:74] == pytest.approx(np.full(10, 0.03), rel=0.04)


@pytest.mark.parametrize("rounding", [1 / 255, 1 / 1023, 1 / 65535])
def test_what_a_file_rounds_and_cuts_off_counts_as_unchanged(rounding: float) -> None:
    beyond = 1.3 * CLEAN - np.float32(0.1)
    stored = np.clip(np.rint(beyond / rounding) * rounding, 0, 1).astype(np.float32)
    assert regrained(stored, beyond, beyond + PLATE - CLEAN, MADE, 0.6 / 255).untouched.all()


def test_pixels_that_are_alike_by_chance_are_no_island_of_the_plates_grain() -> None:
    work = CLEAN + np.float32(0.2)
    work[:, 40:42, 40:42] = CLEAN[:, 40:42, 40:42]
    done = regrained(work, CLEAN, PLATE, MADE, 0.002)
    assert done.untouched.sum() == 4
    np.testing.assert_allclose(done.planes[:, 43:48, 43:48], (work + MADE)[:, 43:48, 43:48], atol=1e-6)
