"""Paths through known ways with weave on exact measurements: what can be known of a camera at all.

A way is that of a camera along one axis, the other being at rest; weave of 2.2 px, correlated by 0.2 from one
frame to the next. Beside it, local lines and parabolas over 15 frames on each side, and the trend filter of
that order and weight that comes nearest to the true ways, which nobody knows outside a simulation.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench import trend_filter
from bench.table import Row, at_least
from interneg.motion.path import steadied
from interneg.motion.similarity import Motion
from interneg.motion.whole_path import smooth_way

REACH, DRAWS, RMS, SWING = 15, 40, 2.2, 0.2
WHOLE, WINDOW, LINE, PARABOLA = "the whole shot", "the window", "local line", "local parabola"
FILTER = "trend filter, best order and weight"
Figures = dict[str, NDArray[np.float64]]
"""By column: weave removed, percent; drift, all along and at the ends, pixels."""

Way = NDArray[np.float64]


def rows() -> Iterator[Row]:
    """Weave removed from frame to frame, drift, and that of the first and last five frames, pixels rms."""
    removed = []
    for count in (40, 120):
        for name in ("an eased pan of 180 px", "an even pan", "a rest", "a rest, then a pan", "hand-held"):
            rngs = [np.random.default_rng([seed, count]) for seed in range(DRAWS)]
            ways = np.stack([_ways(name, count, rng) for rng in rngs])
            shaken = ways + np.stack(
                [[_weave(count, rng) for _ in way] for way, rng in zip(ways, rngs, strict=True)]
            )
            columns = columns_of(ways, shaken)
            for kind, (share, drift, ends) in columns.items():
                text = f"{share:.0f} %, drift {drift:.2f} px, at the ends {ends:.2f} px"
                yield Row(f"path of {name}, {count} frames: {kind}", "", text, None)
            yield from against(f"path of {name}, {count} frames", columns, columns)
            if count == 120:
                removed.append(columns[WHOLE][0])
    yield at_least(
        "path of the whole shot, 120 frames: weave removed, mean", 96, float(np.mean(removed)), "%"
    )


def columns_of(ways: Way, shaken: Way, *, centred: bool = False) -> Figures:
    """Every column's figures, mean over draws.

    ways, shaken: (draws, 2, N) pixels, the true, the measured. centred: whether drift is that from its mean.
    """
    made = {k: np.stack([_smoothed(k, way) for way in shaken]) for k in (WHOLE, WINDOW, LINE, PARABOLA)}
    flat = shaken.reshape(-1, shaken.shape[-1])
    made[FILTER] = trend_filter.best(flat, ways.reshape(flat.shape)).reshape(ways.shape)
    found = {}
    for kind, smooth in made.items():
        off = smooth - ways
        off -= off.mean(axis=-1, keepdims=True) * centred
        found[kind] = np.mean([figures_of(*of) for of in zip(off, shaken - ways, strict=True)], 0)
    return found


def against(what: str, made: Figures, bound: Figures) -> Iterator[Row]:
    """How the whole shot and the window compare with the best of the columns that they are held against.

    Within so many percent of it, or better: of weave removed 1 and more, of drift and ends 1 and less.
    """
    for kind, beside, apart in ((WHOLE, (LINE, PARABOLA, FILTER), 10), (WINDOW, (LINE, PARABOLA), 15)):
        of = np.array([bound[k] for k in beside])
        best = np.array([of[:, 0].max(), *of[:, 1:].min(axis=0)])
        ratios = made[kind] / best
        reached = bool(ratios[0] >= 1 - apart / 100 and (ratios[1:] <= 1 + apart / 100).all())
        text = "removed {:.2f}, drift {:.2f}, at the ends {:.2f} times".format(*ratios)
        best_of = (
            "over the best of line, parabola and filter" if FILTER in beside else "over line or parabola"
        )
        yield Row(f"{what}: {kind} {best_of}", f"within {apart} %", text, reached)
    ahead = float(made[WINDOW][0] - bound[PARABOLA][0])
    yield at_least(f"{what}: weave removed, {WINDOW} less parabola", -3, ahead, "points")


def _ways(name: str, count: int, rng: np.random.Generator) -> tuple[Way, Way]:
    t, none = np.arange(count, dtype=np.float64), np.zeros(count)
    u = t / (count - 1)
    if name == "hand-held":
        falls = np.exp(-((np.fft.rfftfreq(2 * count) / 0.02) ** 2))
        noise = np.fft.irfft(np.fft.rfft(rng.normal(size=(2, 2 * count))) * falls, 2 * count)[:, :count]
        x, y = 15 * noise / noise.std()
        return x, y
    along = {
        "an eased pan of 180 px": 180 * u * u * (3 - 2 * u),
        "an even pan": 4.5 * t,
        "a rest": none,
        "a rest, then a pan": 180 * np.maximum(2 * u - 1, 0),
    }
    return along[name], none


def _weave(count: int, rng: np.random.Generator) -> Way:
    found = rng.normal(size=count)
    for k in range(1, count):
        found[k] = SWING * found[k - 1] + np.sqrt(1 - SWING**2) * found[k]
    return RMS / np.sqrt(2) * found


def _smoothed(kind: str, way: Way) -> Way:
    """A way, (2, N), as that column has it."""
    if kind == WHOLE:
        return smooth_way(way, REACH)
    places, count = way[0] + 1j * way[1], way.shape[1]
    found = []
    for k in range(count):
        near = np.arange(max(0, k - REACH), min(count, k + REACH + 1))
        if kind == WINDOW:
            track = {int(n - k): Motion(shift=places[n]) for n in near}
            found.append(places[k] + steadied(track, REACH).shift)
        else:
            terms = np.vander((near - k) / REACH, 2 if kind == LINE else 3, increasing=True)
            found.append(np.linalg.lstsq(terms.astype(complex), places[near], rcond=None)[0][0])
    return np.stack([np.real(found), np.imag(found)])


def figures_of(off: Way, before: Way) -> list[float]:
    """Weave removed, percent; drift, all along and in the first and last five frames. Both: (2, N) pixels."""

    def rms(values: Way) -> float:
        return float(np.sqrt(np.square(values).sum(0).mean()))

    ends = np.concatenate([off[:, :5], off[:, -5:]], 1)
    return [100 * (1 - rms(np.diff(off)) / rms(np.diff(before))), rms(off), rms(ends)]
