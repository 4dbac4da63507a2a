from __future__ import annotations

import flip_evaluator
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.metrics.flip import flip, flip_mean


def pictures() -> tuple[Pixels, Pixels]:
    """A picture with waves and checks, and a noisy copy of it with a smoothed part."""
    y, x = np.mgrid[0:96, 0:128]
    checks = ((x // 16 + y // 16) % 2) * 0.8 + 0.1
    reference = np.stack([0.5 + 0.4 * np.sin(x / 7 + y / 11), 0.5 + 0.4 * np.cos(x / 5 - y / 13), checks])
    test = reference + 0.1 * np.sin(x * y / 9.0) * np.array([1, -0.5, 0.8])[:, None, None]
    test[:, 40:60, 50:90] = test[:, 40:60, 50:90].mean(axis=2, keepdims=True)
    return reference.astype(np.float32), np.clip(test, 0, 1).astype(np.float32)


@pytest.mark.parametrize("ppd", [67.0, 30.0, 12.5, 120.0])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_map_is_that_of_the_authors_program(ppd: float, swapped: bool) -> None:
    """Oracle: flip-evaluator, the LDR-FLIP of the paper's authors."""
    pair = pictures()[::-1] if swapped else pictures()
    theirs, mean, _ = flip_evaluator.evaluate(
        *(np.ascontiguousarray(p.transpose(1, 2, 0)) for p in pair),
        "LDR", inputsRGB=True, applyMagma=False, computeMeanError=True, parameters={"ppd": ppd},
    )  # fmt: skip
    np.testing.assert_allclose(flip(*pair, ppd), theirs[..., 0], atol=2e-3)
    assert flip_mean(*pair, ppd) == pytest.approx(mean, abs=2e-5)


@pytest.mark.parametrize("seed", range(4))
def test_noise_and_flat_colours_are_judged_as_by_the_authors_program(seed: int) -> None:
    dice = np.random.default_rng(seed)
    reference = np.broadcast_to(dice.random((3, 1, 1), np.float32), (3, 40, 56))
    test = np.clip(reference + dice.normal(0, 0.02 * 4**seed, reference.shape), 0, 1).astype(np.float32)
    _, mean, _ = flip_evaluator.evaluate(
        *(np.ascontiguousarray(p.transpose(1, 2, 0)) for p in (reference, test)),
        "LDR", inputsRGB=True, applyMagma=False, computeMeanError=True, parameters={"ppd": 67.0},
    )  # fmt: skip
    assert flip_mean(reference, test) == pytest.approx(mean, abs=2e-5)


def test_equal_pictures_differ_by_nothing() -> None:
    reference, _ = pictures()
    assert flip(reference, reference.copy()).max() == 0


def test_it_is_symmetric_and_within_its_range() -> None:
    reference, test = pictures()
    there, back = flip(reference, test), flip(test, reference)
    np.testing.assert_array_equal(there, back)
    assert there.shape == (96, 128) and there.dtype == np.float32
    assert there.min() >= 0 and there.max() <= 1


def test_black_against_white_is_near_the_top() -> None:
    black = np.zeros((3, 40, 40), np.float32)
    assert 0.9 < flip_mean(black, black + 1) <= 1


def test_more_noise_is_more_error_and_distance_hides_it() -> None:
    reference, _ = pictures()
    noise = np.random.default_rng(0).standard_normal(reference.shape).astype(np.float32)
    near = [flip_mean(reference, reference + s * noise) for s in (0.01, 0.03, 0.1)]
    assert near == sorted(near) and near[0] > 0.01
    assert flip_mean(reference, reference + 0.1 * noise, 200.0) < near[-1]


def test_values_outside_the_display_range_are_taken_as_its_ends() -> None:
    black = np.zeros((3, 20, 20), np.float32)
    assert flip(black - 5, black).max() == 0
    assert flip(black + 1, black + 9).max() == 0


def test_misfits_are_refused() -> None:
    with pytest.raises(InputError, match="picture"):
        flip(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32))
    with pytest.raises(InputError, match="shape"):
        flip(np.zeros((3, 8, 8), np.float32), np.zeros((3, 8, 9), np.float32))
    with pytest.raises(InputError, match="per degree"):
        flip(np.zeros((3, 8, 8), np.float32), np.zeros((3, 8, 8), np.float32), 0)
