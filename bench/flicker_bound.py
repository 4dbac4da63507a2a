"""Flicker on light that is steady and measured exactly: what a window of 7 frames on each side can know.

The flicker is of one number to a frame, as large as that of `whole_flicker`'s gain in the logarithm of light.
Beside what Deflicker's window does: the mean of its frames, which knows that there is no event and no fade,
and the mean of least error by generalised least squares, which knows how long the flicker stays alike, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bench.flicker import GAIN, Doubles
from bench.table import Row
from bench.whole_flicker import ALIKE, FRAMES, drawn
from interneg.light.explanations import Offsets
from interneg.light.trend import trend

REACH, DRAWS, POWER = 7, 12, 2.2
"""Frames on each side; series; by how much the logarithm of light is larger than that of code values."""


def rows() -> Iterator[Row]:
    """Flicker removed from frame to frame, and how far the level wanders after, by how far it did before."""
    for alike in ALIKE:
        series = POWER * GAIN * drawn(np.random.default_rng(0), FRAMES, alike, (DRAWS,))
        for name, meant in (
            ("the window", lambda seen, near: trend(seen - seen[near == 0], near, REACH, 0.5, light=True)[0]),
            ("the mean of its frames", lambda seen, near: trend(seen - seen[near == 0], near, REACH, 0.0)[0]),
            ("the mean of least error", lambda seen, near, alike=alike: _best(seen - seen[near == 0], alike)),
        ):
            left = series + _all(series, meant)
            share = 100 * (1 - _rms(_high(left)) / _rms(_high(series)))
            wanders = 100 * _rms(left - left.mean(axis=0)) / _rms(series - series.mean(axis=0))
            text = f"{share:.1f} %, level wanders by {wanders:.0f} %"
            yield Row(f"flicker alike over {alike:g} frames, exactly measured: {name}", "", text, None)


def _all(series: Doubles, meant: Callable[[Doubles, Offsets], Doubles]) -> Doubles:
    """What each frame is changed by, (n, k), where `meant` tells it of a window and its offsets."""
    found = []
    for frame in range(len(series)):
        window = np.arange(max(0, frame - REACH), min(len(series), frame + REACH + 1))
        found.append(meant(series[window], window - frame))
    return np.array(found)


def _best(seen: Doubles, alike: float) -> Doubles:
    """The mean of least error, of flicker that stays alike for so many frames."""
    at = np.arange(len(seen))
    apart = np.abs(at[:, None] - at)
    weights = np.linalg.solve(np.exp(-apart / alike) if alike else np.eye(len(seen)), np.ones(len(seen)))
    return np.asarray(weights @ seen / weights.sum())


def _high(series: Doubles) -> Doubles:
    return np.asarray(series[1:-1] - 0.5 * (series[2:] + series[:-2]))


def _rms(values: Doubles) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
