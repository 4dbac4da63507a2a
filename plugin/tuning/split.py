"""Which frames train a model, which choose its weights, and which its figures are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from interneg.errors import UsageError

LEAST = 5
"""Frames of all clips together, at least: three to train on, one to choose weights by, one to report."""

_CLIPS = 5
"""From so many clips on, whole ones are held out: every fifth."""

_SHARE = 5
"""Of fewer clips, the last fifth of the frames of each is held out."""

_GAP, _LONG = 2, 25
"""Frames left out between the two, in clips of so many frames or more: neighbours are nearly the same."""


class PairAt(NamedTuple):
    """A frame: the clip's index, and that of the pair of frames in it."""

    clip: int
    pair: int


class Split(NamedTuple):
    """The frames by what they are for. words: how they were chosen."""

    train: tuple[PairAt, ...]
    choose: tuple[PairAt, ...]
    report: tuple[PairAt, ...]
    words: str


def split(counts: Sequence[int]) -> Split:
    """Hold out a fifth: of five clips or more whole ones, else the end of each clip that has five frames.

    counts: of frames of each clip. The first half of what is held out chooses the weights, the last half is
    reported. Raises UsageError for too few frames.
    """
    if sum(counts) < LEAST:
        raise UsageError(
            f"{sum(counts)} frames are too few to train on: {LEAST} at least, of which two are held out; "
            "better some fifty, of several shots"
        )
    if len(counts) >= _CLIPS:
        whole = set(range(_CLIPS - 1, len(counts), _CLIPS))
        train = [PairAt(c, f) for c, n in enumerate(counts) if c not in whole for f in range(n)]
        held = [[PairAt(c, f) for f in range(counts[c])] for c in sorted(whole)]
        words = f"whole clips, every fifth: {len(whole)} of {len(counts)}"
        held = [h for h in held if h] if sum(map(len, held)) > 1 else []
    else:
        train, held = [], []
        for clip, count in enumerate(counts):
            if count < LEAST:
                train += [PairAt(clip, f) for f in range(count)]
                continue
            out = max(2, count // _SHARE)
            gap = _GAP if count >= _LONG else 0
            train += [PairAt(clip, f) for f in range(count - out - gap)]
            held.append([PairAt(clip, f) for f in range(count - out, count)])
        words = "the last fifth of each clip (the same scenes: others may gain less)"
    if not held:
        # Single frames, or clips of a few: by turns.
        every = [PairAt(c, f) for c, n in enumerate(counts) for f in range(n)]
        held = [every[_SHARE - 2 :: _SHARE], every[_SHARE - 1 :: _SHARE]]
        out_ = {*held[0], *held[1]}
        return Split(
            tuple(p for p in every if p not in out_), tuple(held[0]), tuple(held[1]), "two frames in five"
        )
    choose = [p for h in held for p in h[: len(h) // 2]]
    report = [p for h in held for p in h[len(h) // 2 :]]
    if not choose:  # each clip that is held out has one frame
        choose, report = report[::2], report[1::2]
    return Split(tuple(train), tuple(choose), tuple(report), words)


def spread(places: Sequence[PairAt], most: int, run: int = 1) -> list[list[PairAt]]:
    """Runs of up to `run` frames that follow one another, evenly over all, of `most` frames at most."""
    runs: list[list[PairAt]] = []
    for place in places:
        last = runs[-1] if runs else []
        follows = last and last[-1] == (place.clip, place.pair - 1)
        if follows and len(last) < run:
            last.append(place)
        else:
            runs.append([place])
    wanted = max(1, most // run)
    if len(runs) <= wanted:
        return runs
    return [runs[k * len(runs) // wanted] for k in range(wanted)]
