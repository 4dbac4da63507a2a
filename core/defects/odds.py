"""Odds: how likely what the network marks is damage, by all that speaks for it.

Nine small networks weigh the facts of each candidate by itself, nine more these, their answer, and what is
known of the others around it (see `company`). The mean of what nine answer counts: the logarithm of the
odds. They were trained on damage of known truth, by `engines/training/find_odds.py`. `odds.md` says on what.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files
from itertools import combinations

import numpy as np
import numpy.typing as npt

from interneg.defects.components import pixels
from interneg.defects.detector import Answer
from interneg.defects.enlarged import Enlarged
from interneg.defects.evidence import Evidence, nearest
from interneg.defects.surroundings import Points, means_around
from interneg.frame import Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

Labels = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Weights = dict[str, npt.NDArray[np.float32]]
"""Of small networks that are asked together: centre and scale, (F,), and of each layer weight, (networks,
outputs, inputs), and bias, (networks, outputs)."""

FACTS = (
    "mean", "surest", "scratch", "area", "long", "wide", "contrast", "clear", "second", "agreed", "beside",
    "texture", "confidence", "spike", "odd", "around", "halo", "uneven", "patchy",
)  # fmt: skip
"""What is known of a candidate, in order; see `facts_of`."""

SCRATCH = FACTS.index("scratch")
"""The fact which share of what the network holds for damage it holds for a scratch."""

# What is around is looked at so far, in pixels.
_AROUND = 17
# Grain makes so much of a difference at least, in LOG_Y.
_GRAIN = 0.004
# A fact counts up to so many deviations from its mean. The small networks' layers.
FAR, LAYERS = 4.0, 3
"""Of the weights in `odds.npz`."""


def facts_of(
    seen: Evidence, answer: Answer, both: Pixels, labels: Labels, count: int
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """What is known of each candidate, (N, len(FACTS)), and its sign, (N,): 1 of a bright one, else -1."""
    if not count:
        return np.empty((0, len(FACTS))), np.empty(0, np.int64)
    there = labels > 0
    y, x = pixels(there)
    label = labels[y, x]
    area = np.maximum(np.bincount(label, minlength=count + 1)[1:].astype(np.float64), 1)

    def mean(values: npt.NDArray[np.generic]) -> Floats:
        return np.bincount(label, values, minlength=count + 1)[1:] / area

    def per(plane: Pixels) -> Floats:
        return mean(plane[y, x])

    close, own = nearest(seen.neighbours), seen.luma[y, x]

    def planes(box: tuple[slice, slice]) -> dict[str, Pixels]:
        luma = seen.luma[box]
        apart = {n.offset: luma - n.luma[box] for n in seen.neighbours}
        return {
            "both": both[box], "luma": luma, "square": luma * luma,
            **{f"apart {n.offset}": apart[n.offset] for n in close},
            **{f"misfit {o}": np.abs(a) for o, a in apart.items()},
        }  # fmt: skip

    around = means_around(there, y, x, _AROUND, planes)
    apart = {n.offset: own - n.luma[y, x] for n in seen.neighbours}
    inside = {n.offset: mean(_within(n.field, y, x)) > 0.5 for n in seen.neighbours}
    marked = both[y, x]
    signed = np.sum([mean(marked * apart[n.offset]) * inside[n.offset] for n in close], axis=0)
    sign = np.where(signed > 0, 1, -1)
    contrasts = np.sort(
        [np.where(inside[o], sign * mean(a), np.nan) for o, a in apart.items()], axis=0
    )  # NaN last
    known = np.sum(list(inside.values()), axis=0)
    row = np.arange(count)
    lowest = contrasts[0]
    second = contrasts[np.maximum(known - 2, 0), row]
    misfits = np.sort([np.where(inside[o], mean(around[f"misfit {o}"]), np.inf) for o in apart], axis=0)
    gap = np.min(
        [mean(np.abs(a.luma[y, x] - b.luma[y, x])) for a, b in combinations(seen.neighbours, 2)], axis=0
    )
    beside = mean(np.abs(own - around["luma"]))
    ringed = np.sum([sign * mean(around[f"apart {n.offset}"]) * inside[n.offset] for n in close], axis=0)
    halo = ringed / np.maximum(np.sum([inside[n.offset] for n in close], axis=0), 1)
    uneven = np.sqrt(np.maximum(mean(own * own) - mean(own) ** 2, 0))
    patchy = np.min([np.sqrt(np.maximum(mean(a * a) - mean(a) ** 2, 0)) for a in apart.values()], axis=0)
    local = np.sqrt(np.maximum(around["square"] - around["luma"] * around["luma"], 0))
    dx, dy = x - mean(x)[label - 1], y - mean(y)[label - 1]
    across, down, skew = mean(dx * dx) + 1 / 12, mean(dy * dy) + 1 / 12, mean(dx * dy)
    spread = np.hypot(across - down, 2 * skew)
    long, wide = (np.sqrt(np.maximum(6 * (across + down + s), 1)) for s in (spread, -spread))
    surest = np.zeros(count + 1)
    np.maximum.at(surest, label, marked)
    scratch = per(answer.scratch) / np.maximum(per(answer.scratch) + per(answer.dirt), 1e-6)

    def logit(p: Floats) -> Floats:
        p = np.clip(p, 0.001, 0.999)
        return np.log(p / (1 - p))

    def log(v: Floats) -> Floats:
        return np.log(np.maximum(v, 0) + _GRAIN)

    base = log(second)
    made = np.column_stack([
        logit(mean(marked)), logit(surest[1:]), scratch, np.log(area), np.log(long), np.log(wide),
        base, base - log(misfits[0]), log(lowest), base - log(gap), base - log(beside), log(mean(local)),
        np.max([mean(n.confidence.at(y, x)) for n in close], axis=0),
        base - log(mean(np.maximum(seen.bright[y, x], seen.dark[y, x]))),
        base - log(per(seen.unlike)) - 3 * np.log(max(seen.odd, 0.3)), logit(mean(around["both"])),
        np.clip(halo / (np.maximum(second, 0) + _GRAIN), -1, 2), base - log(uneven), base - log(patchy),
    ])  # fmt: skip
    made[known < 2] = np.nan
    return made, sign


def log_odds(facts: Floats, rarity: Floats) -> Floats:
    """The logarithm of the odds that each candidate is damage by itself, (N,); -inf where that is not known.

    facts: (N, len(FACTS)). rarity: (N,), how unlikely its flight is by chance, as a power of ten; 0 without
    one.
    """
    return weighed(np.column_stack([facts, rarity]), _weights("odds.npz"))


def log_odds_in(beside: Floats, facts: Floats, rarity: Floats, own: Floats) -> Floats:
    """The same in its company, (N,): beside is what is known of the others, (N, len(COMPANY)).

    facts: (N, len(FACTS)). rarity: (N,), as for `log_odds`. own: what that answers, (N,).
    """
    known = np.column_stack([facts, rarity, np.where(np.isfinite(own), own, np.nan), beside])
    return weighed(known, _weights("odds_in_company.npz"))


def weighed(known: Floats, weights: Weights) -> Floats:
    """The mean of what small networks answer, (N,), to what is known, (N, F); -inf where that is not."""
    made = np.clip((known - weights["centre"]) / weights["scale"], -FAR, FAR)[:, None]
    made = made.repeat(len(weights["bias0"]), axis=1)
    for k in range(LAYERS):
        # Not by BLAS, whose sums may depend on how many threads are free.
        made = np.einsum("nmi,moi->nmo", made, weights[f"weight{k}"]) + weights[f"bias{k}"]
        if k < LAYERS - 1:
            made = made / (1 + np.exp(-made))
    return np.where(np.isnan(known).any(axis=1), -np.inf, made.mean(axis=1)[:, 0])


@cache
def _weights(name: str) -> Weights:
    with np.load(io.BytesIO((files("interneg.defects") / name).read_bytes())) as stored:
        return dict(stored)


def _within(field: Enlarged, y: Points, x: Points) -> Pixels:
    """1 where the place that a pixel at (y, x) has in the other frame lies within that, else 0, (N,)."""
    height, width = field.size
    moved = field.at(y, x)
    left, top = moved[:, 0] + x, moved[:, 1] + y
    return np.asarray((left >= 0) & (top >= 0) & (left <= width - 1) & (top <= height - 1), np.float32)
