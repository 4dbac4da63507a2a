"""Which frames train, which choose, which are reported."""

from __future__ import annotations

from itertools import pairwise

import pytest

from interneg.errors import UsageError
from interneg.plugin.tuning.split import PairAt, split, spread


@pytest.mark.parametrize(
    "counts", [[5], [50], [10, 40], [4, 4, 4], [1] * 5, [1] * 12, [30] * 7, [200, 3], [1, 1, 1, 1, 1, 60]]
)
def test_no_frame_has_two_parts(counts: list[int]) -> None:
    found = split(counts)
    every = {PairAt(c, f) for c, n in enumerate(counts) for f in range(n)}
    parts = (found.train, found.choose, found.report)
    assert all(parts) and all(set(p) <= every for p in parts)
    assert len({*found.train, *found.choose, *found.report}) == sum(map(len, parts))


def test_one_clip_holds_out_its_end_and_leaves_a_gap() -> None:
    found = split([50])
    assert [p.pair for p in found.train] == list(range(38))
    assert [p.pair for p in found.choose] == list(range(40, 45))
    assert [p.pair for p in found.report] == list(range(45, 50))
    assert found.words == "the last fifth of each clip (the same scenes: others may gain less)"


def test_of_many_clips_whole_ones_are_held_out() -> None:
    found = split([10] * 11)
    assert {p.clip for p in found.choose} == {p.clip for p in found.report} == {4, 9}
    assert not {p.clip for p in found.train} & {4, 9}
    assert found.words == "whole clips, every fifth: 2 of 11"


def test_too_few_are_refused() -> None:
    with pytest.raises(UsageError, match="4 frames are too few to train on: 5 at least"):
        split([2, 2])


def test_runs_follow_one_another_and_are_spread_evenly() -> None:
    places = [PairAt(0, f) for f in range(20)] + [PairAt(1, f) for f in range(20)]
    runs = spread(places, 16, 4)
    assert [len(r) for r in runs] == [4] * 4
    assert [r[0] for r in runs] == [(0, 0), (0, 8), (1, 0), (1, 8)]
    assert all(b.pair == a.pair + 1 for r in runs for a, b in pairwise(r))
    assert len(spread(places, 100)) == 40
