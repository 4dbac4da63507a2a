"""Frames of a fade, of which a shot's light says how much may be flicker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from interneg.frame import Double
from interneg.light.parts import PlaneLight
from interneg.light.shot_light import solved
from interneg.light.steady import Correction
from interneg.light.waves import GRID

FIRST, LAST, COUNT = 15, 25, 40


def plane(step: float, around: float, field: Double) -> PlaneLight:
    """A frame whose light has changed by so much, and what the frames around make of it."""
    correction = Correction(around, 0.0, field, np.zeros(0), -1.0, -4.0, 0.0)
    grey = np.full(GRID, -1.0)
    return PlaneLight(
        1.0, np.full(GRID, step), np.zeros(0), True, -4.0, -1.0, 0.0, 0.0, grey, correction, False
    )


def shot(size: float, fading: float) -> list[Correction]:
    """A fade in a shot that flickers by so much, where the windows change one of its frames by `fading`."""
    rng = np.random.default_rng(1)
    level = np.interp(range(COUNT), [FIRST, LAST], [0.0, -3.0]) + size * rng.normal(size=COUNT)
    found: Sequence[PlaneLight] = [
        plane(step, size * rng.normal(), size * rng.normal(size=GRID))
        for step in np.diff(level, prepend=level[:1])
    ]
    at = found[20]._replace(
        around=Correction(
            fading, 0.0, np.full(GRID, fading) * rng.choice([-1, 1], GRID), np.zeros(0), -1.0, -4.0, 0.0
        )
    )
    return solved([*found[:20], at, *found[21:]], 0.5)


def test_a_fade_without_flicker_is_hardly_changed() -> None:
    made = shot(0.001, 0.05)[20]
    assert abs(made.exposure) < 0.01 and np.abs(made.field).max() < 0.01


@pytest.mark.parametrize("fading", [0.05, -0.08])
def test_flicker_in_a_fade_goes_as_it_does_elsewhere(fading: float) -> None:
    made = shot(0.05, fading)[20]
    assert made.exposure == pytest.approx(fading) and np.abs(made.field) == pytest.approx(abs(fading))


def test_a_fade_is_joined_to_what_is_solved_without_a_step() -> None:
    """The windows have the light a tenth off all along: that comes and goes over some frames."""
    flickers = 0.05 * np.random.default_rng(2).normal(size=COUNT)
    level = np.interp(range(COUNT), [FIRST, LAST], [0.0, -3.0])
    steps = np.diff(level + flickers, prepend=level[:1])
    picture = [np.full(GRID, -1.0 + light) for light in level + flickers]
    shot = [
        plane(step, 0.1 - flicker, np.zeros(GRID))._replace(picture=own)
        for step, flicker, own in zip(steps, flickers, picture, strict=True)
    ]
    left = np.array([c.exposure for c in solved(shot, 0.5)]) + flickers
    assert np.ptp(left) > 0.08 and np.abs(np.diff(left)).max() < 0.03


def test_what_a_person_says_is_no_event_is_brought_to_the_light_around() -> None:
    flickers = 0.05 * np.random.default_rng(3).normal(size=COUNT)
    flash = np.where(np.isin(range(COUNT), (15, 16)), 1.0, 0.0)
    level = flickers + flash
    run = [
        plane(step, -flicker, np.zeros(GRID))._replace(event=bool(lit), picture=np.full(GRID, -1.0 + light))
        for step, flicker, lit, light in zip(
            np.diff(level, prepend=level[:1]), flickers, flash, level, strict=True
        )
    ]
    kept, gone = (solved(run, 0.5, marks) for marks in ({}, {15: False, 16: False}))
    lit = [np.array([c.exposure for c in made]) + level for made in (kept, gone)]
    assert np.abs(lit[0][15:17] - 1).max() < 0.15
    assert np.ptp(lit[1]) < 0.06
    for n in {*range(COUNT)} - {15, 16}:
        assert gone[n].exposure == pytest.approx(kept[n].exposure, abs=1e-9)
