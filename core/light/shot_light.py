"""How bright each frame of a shot was meant to be: its measurements of a plane, solved for the whole shot.

Events such as lightning keep what their window made of them, and so do frames in which the light itself
changes, as in a fade, but that no more flicker is taken out of these than of the others; where a lamp is
switched on, the shot falls into two parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from interneg.frame import Double
from interneg.light.parts import PlaneLight, parted
from interneg.light.steady import Correction
from interneg.light.whole_light import FEWEST, flicker

_TINY = 1e-9
Places = npt.NDArray[np.intp]
Placed = tuple[int, Correction]

_KINDS = "exposure", "slope", "field", "rows"
# Up to so many times the flicker around, what a window makes of a fading frame is flicker; beyond, the less.
_PLAIN, _DOUBTED = 2.0, 9.0
# Frames beside a fade over which it is joined to what is solved.
_JOINED = 8


def solved(
    shot: Sequence[PlaneLight], keep: float, marks: Mapping[int, bool] = MappingProxyType({})
) -> list[Correction]:
    """What brings each frame of a shot to the light of the whole shot.

    shot: a plane of each of its frames, in order; what the first changed by counts for nothing. keep: 0..1,
    how soon a change is an event, which stays; 0: never. marks: of frames by their place in the shot, whether
    they are events, whatever was found; such an event is changed as the frames around it are, and what is
    none is brought to their light.
    """
    found = [plane.around for plane in shot]
    start = 0
    for end in range(1, len(shot) + 1):
        if end == len(shot) or not shot[end].known:
            own = {k - start: event for k, event in marks.items() if start <= k < end}
            found[start:end] = _followed(shot[start:end], keep, own)
            start = end
    others = [k for k in range(len(shot)) if not marks.get(k)]
    for k in range(len(shot)):
        if marks.get(k) and others:
            made = _between(found, others, k)
            found[k] = replace(made, lowest=shot[k].lowest, highest=shot[k].highest)
    return found


def _between(found: Sequence[Correction], others: Sequence[int], at: int) -> Correction:
    """What a frame would be changed by if it were as the nearest of the others on both sides."""
    before = max((k for k in others if k < at), default=min(others))
    after = min((k for k in others if k > at), default=before)
    return found[before].towards(found[after], (at - before) / (after - before) if after > before else 0.0)


@dataclass(frozen=True, eq=False)
class _Way:
    """Where the levels of a plane lie in each frame: pivot + exp(bends) * (level - pivot + fields + rows).

    bends: (n,); fields: (n, *GRID); rows: (n, h).
    """

    pivot: float
    bends: Double
    fields: Double
    rows: Double


def _way(run: Sequence[PlaneLight]) -> _Way:
    pivot = float(np.median([plane.pivot for plane in run]))
    steps = run[1:]
    bends = np.concatenate([[0.0], np.cumsum([np.log(p.slope) for p in steps])])
    scale = np.exp(-bends[1:])
    fields = [s * (p.field + (p.slope - 1) * pivot) for s, p in zip(scale, steps, strict=True)]
    rows = [s * p.rows for s, p in zip(scale, steps, strict=True)]
    none = np.zeros_like(run[0].field), np.zeros_like(run[0].rows)
    return _Way(pivot, bends, np.cumsum([none[0], *fields], axis=0), np.cumsum([none[1], *rows], axis=0))


def _followed(run: Sequence[PlaneLight], keep: float, marks: Mapping[int, bool]) -> list[Correction]:
    """The same for frames that are followed from each to the next."""
    found = [plane.around for plane in run]
    if len(run) < FEWEST:
        return found
    way = _way(run)
    steady, fades, first, denied = parted(run, way.fields, keep, marks)
    if steady.sum() >= FEWEST:
        usual = _usual([found[n] for n in np.flatnonzero(steady)])
        for n in np.flatnonzero(fades):
            found[n] = _held(found[n], usual)
    # Towards a fade what the windows make goes over into what the shot does, so that nothing steps.
    apart = np.abs(np.arange(len(run))[:, None] - np.flatnonzero(fades)).min(axis=1, initial=len(run))
    beside = np.minimum(apart / _JOINED, 1.0)
    bounds = [*np.flatnonzero(first), len(run)]
    for start, end in pairwise(bounds):
        at = start + np.flatnonzero(steady[start:end])
        if len(at) >= FEWEST:
            others = start + np.flatnonzero(denied[start:end])
            for k, correction in _corrections(run, way, at, others):
                found[k] = correction if denied[k] else found[k].towards(correction, beside[k])
    return found


def _usual(found: Sequence[Correction]) -> tuple[float, ...]:
    """How large exposures, slopes, fields and rows of corrections are, rms each."""
    kinds = ([getattr(c, name) for c in found] for name in _KINDS)
    return tuple(_rms(of) for of in kinds)


def _held(found: Correction, usual: tuple[float, ...]) -> Correction:
    """The correction, less of what in it is larger than usual: in a fade that is measured, and no flicker."""
    kept: dict[str, Any] = {}
    for name, size in zip(_KINDS, usual, strict=True):
        value = getattr(found, name)
        excess = max(_rms(value) ** 2 - (_PLAIN * size) ** 2, 0.0)
        kept[name] = value * ((_DOUBTED * size**2 + _TINY) / (_DOUBTED * size**2 + excess + _TINY))
    return replace(found, **kept)


def _corrections(run: Sequence[PlaneLight], way: _Way, at: Places, others: Places) -> list[Placed]:
    """For the frames at these places, which share one light, and for others, which are to be lit likewise."""
    bends, scales = way.bends, np.exp(-way.bends)
    contrast = np.array([plane.contrast for plane in run])
    slopes = _flicker(bends[:, None], contrast[:, None], at, others)[:, 0]
    # As the first frame has them: there, what flickers is a sum.
    pictures = np.array([s * (p.picture - way.pivot) for s, p in zip(scales, run, strict=True)])
    means, exposures = pictures.mean(axis=(1, 2)), way.fields.mean(axis=(1, 2))
    exposure = _flicker(exposures[:, None], means[:, None], at, others)[:, 0]
    shape = len(run), -1
    local = _flicker(
        (way.fields - exposures[:, None, None]).reshape(shape),
        (pictures - means[:, None, None]).reshape(shape),
        at,
        others,
        fades=False,
    ).reshape(-1, *way.fields.shape[1:])
    places = [*at, *others]
    rows = way.rows[places]
    if rows.any():
        rows = _flicker(way.rows, None, at, others)
    return [
        (n, Correction(
            exposure=float(-s * exposure[k]),
            slope=float(np.expm1(-slopes[k])),
            field=-s * local[k],
            rows=-s * rows[k],
            pivot=way.pivot,
            lowest=run[n].lowest,
            highest=run[n].highest,
        ))
        for k, (n, s) in enumerate(zip(places, np.exp(bends[places] - slopes), strict=True))
    ]  # fmt: skip


def _flicker(
    followed: Double, mean: Double | None, at: Places, others: Places, *, fades: bool = True
) -> Double:
    """The flicker of series, (n, k), at those places, and then at others: off the light between those."""
    times = at.astype(np.float64)
    found = flicker(times, followed[at], None if mean is None else mean[at], fades)
    light = (followed[at] - found).T
    between = np.array([np.interp(others, times, series) for series in light]).T
    return np.concatenate([found, followed[others] - between.reshape(len(others), found.shape[1])])


def _rms(values: npt.ArrayLike) -> float:
    return float(np.sqrt(np.square(values).sum() / max(np.size(values), 1)))
