"""Bends of whole shots, from pairs of frames whose bends are known."""

from __future__ import annotations

import numpy as np
import pytest

from interneg.motion.bends import SIDE, BentPair, bends, told, waves
from interneg.motion.parts import parts_of
from interneg.motion.similarity import Motion, Points, points

SIZE = (480.0, 640.0)
Z = points(SIDE, SIDE, SIZE).ravel()
WAVES = waves(Z, SIZE)
PAN = Motion(1, 4 - 1j)


def shot(
    count: int,
    size: float,
    lags: tuple[int, ...] = (1, 2),
    speed: float = 0.0,
    error: float = 0.05,
    seed: int = 3,
) -> tuple[Points, list[tuple[int, BentPair]]]:
    """Bends, (count, K), of a camera that pans, and what is measured of them, with errors that are smooth.

    size, speed: of the bends, and of what moves steadily, pixels rms.
    """
    rng = np.random.default_rng(seed)
    finest = np.hypot(*np.meshgrid(np.arange(7), np.arange(7))).ravel()
    low = np.flatnonzero(finest[finest <= 6] <= 3)

    def drawn(rms: float) -> Points:
        shares = np.zeros(len(WAVES), complex)
        shares[low] = rng.normal(size=len(low)) + 1j * rng.normal(size=len(low))
        field = shares @ WAVES
        return np.asarray(shares * rms / max(np.sqrt(np.mean(np.abs(field) ** 2)), 1e-9))

    truth, steady = np.array([drawn(size) for _ in range(count)]), drawn(speed)
    pairs = []
    for lag in lags:
        for first in range(count - lag):
            motion = Motion(1, lag * PAN.shift)
            left = truth[first + lag] @ waves(motion(Z), SIZE) - truth[first] @ WAVES + lag * steady @ WAVES
            left += drawn(error) @ WAVES
            pairs.append(
                (
                    first,
                    BentPair(lag, motion, left.astype(np.complex64), np.full(SIDE**2, 2, np.float32), error),
                )
            )
    return truth, pairs


def found(count: int, pairs: list[tuple[int, BentPair]]) -> Points:
    return bends([(first, told(pair, SIZE)) for first, pair in pairs], count)


def off(a: Points, b: Points) -> float:
    """By how much two bends differ, pixels rms, but for a shift and a turn, which no pair tells."""
    field = (a - b) @ WAVES
    similar = np.linalg.qr(np.stack([np.ones_like(Z), Z], 1))[0]
    field -= (field @ similar.conj()) @ similar.T
    return float(np.sqrt(np.mean(np.abs(field) ** 2)))


def test_bends_are_found_but_for_what_stays_in_the_mean_of_all_frames() -> None:
    truth, pairs = shot(40, 1.0)
    none = off(truth, 0 * truth)
    assert off(truth, found(40, pairs)) < 0.25 * none
    # Pairs of next neighbours tell less.
    assert (
        off(truth, found(40, pairs))
        < off(truth, found(40, [p for p in pairs if p[1].apart == 1]))
        < 0.3 * none
    )


def test_what_moves_steadily_is_no_bend() -> None:
    truth, pairs = shot(30, 0.0, speed=1.0)
    assert off(found(30, pairs), truth) < 0.05
    bent, both = shot(30, 1.0, speed=1.0)
    assert off(found(30, both), bent) < 0.7 * off(bent, 0 * bent)


def test_what_no_wave_explains_is_no_bend() -> None:
    truth, pairs = shot(20, 0.0, error=1.5)
    wild = [(first, BentPair(p.apart, p.motion, p.left, p.weights, 1.5)) for first, p in pairs]
    assert off(found(20, wild), truth) < 0.1


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_shots_of_few_frames_and_pairs_that_are_missing(count: int) -> None:
    truth, pairs = shot(count, 1.0)
    made = found(count, pairs)
    assert made.shape == truth.shape and np.isfinite(made).all()
    assert off(made, truth) <= 1.01 * off(truth, 0 * truth)
    assert not found(count, []).any()


def test_frames_on_both_sides_of_a_flash_are_bound_by_nothing() -> None:
    truth, pairs = shot(24, 1.0)
    apart = [(first, pair) for first, pair in pairs if not first < 12 <= first + pair.apart]
    made, alone = found(24, apart), found(12, [p for p in apart if p[0] < 12])
    assert off(made[:12], alone) < 0.05
    assert off(made, truth) < 0.4 * off(truth, 0 * truth)


def test_long_shots_are_solved_in_parts_that_agree() -> None:
    truth, pairs = shot(300, 1.0, lags=(1,))
    made = found(300, pairs)
    assert off(made, truth) < 0.3 * off(truth, 0 * truth)
    steps = np.abs(np.diff((made - truth) @ WAVES, axis=0)).mean(axis=1)
    assert steps.max() < 3 * np.median(steps)


def test_parts_cover_a_shot_and_weigh_its_ends_in_full() -> None:
    assert [(p, w.tolist()) for p, w in parts_of(3, 5)] == [(slice(0, 3), [1, 1, 1])]
    total = np.zeros(23)
    for part, near in parts_of(23, 10):
        assert part.stop - part.start == 10 == len(near)
        total[part] += near
    assert total.min() > 0
