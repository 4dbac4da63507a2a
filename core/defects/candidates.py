"""Candidates: what the network may hold for damage in a frame, piece by piece, with what speaks for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interneg.defects import odds
from interneg.defects.components import components, pixels
from interneg.defects.detector import Answer
from interneg.defects.dirt import Spot
from interneg.defects.evidence import Evidence
from interneg.frame import Mask, Pixels

# OpenCV is imported where it is used: what only lists nodes never loads it.

# How sure the network has to be of a spot's surest pixel, and of its others. Fewer pixels are none.
_SURE, _EDGE, _LEAST = 0.4, 0.25, 3
# How far across a scratch dirt is looked for on both sides.
_BESIDE = 5


@dataclass(frozen=True, eq=False)
class Candidates:
    """What the network marks in a frame, piece by piece.

    facts: what is known of each, (N, len(odds.FACTS)). signs: 1 of what is brighter than the frames around,
    else -1, (N,). scratch: whether it looks more like a scratch than like dirt, (N,). both: how likely a
    pixel is to be either, labels: 0 for what belongs to none, (H, W).
    """

    spots: list[Spot]
    facts: NDArray[np.float64]
    signs: NDArray[np.int64]
    scratch: NDArray[np.bool_]
    both: Pixels
    labels: NDArray[np.int32]

    @property
    def places(self) -> NDArray[np.float64]:
        """The middles of the spots, row and column, pixels, (N, 2)."""
        middles = [(s.y + s.shape.shape[0] / 2, s.x + s.shape.shape[1] / 2) for s in self.spots]
        return np.array(middles, np.float64).reshape(-1, 2)


def candidates(seen: Evidence, answer: Answer, but: Mask) -> Candidates:
    """All that the network may hold for damage, with what speaks for it. but: (H, W), as in `spots`."""
    import cv2

    # Dirt lies across scratches: on them it is what it is on both sides, of which one looks like dirt.
    across = np.ones((1, 2 * _BESIDE + 1), np.uint8)
    beside = np.where(but, answer.dirt, np.maximum(answer.dirt, answer.scratch))
    closed = np.minimum(cv2.morphologyEx(beside, cv2.MORPH_CLOSE, across), cv2.dilate(answer.dirt, across))
    both = np.where(but, closed, beside)
    there = both > _EDGE
    labels, boxes = components(there)
    surest, some = np.zeros(len(boxes), np.float32), pixels(there)
    np.maximum.at(surest, labels[some], both[some])
    worth = (surest > _SURE) & (boxes[:, 4] >= _LEAST)
    worth[0] = False
    numbers = np.where(worth, np.cumsum(worth), 0).astype(np.int32)
    labels[some] = numbers[labels[some]]
    spots = [
        Spot(int(x), int(y), labels[y : y + height, x : x + width] == number)
        for number, (x, y, width, height) in enumerate(boxes[worth, :4], 1)
    ]
    facts, signs = odds.facts_of(seen, answer, both, labels, len(spots))
    return Candidates(spots, facts, signs, facts[:, odds.SCRATCH] > 0.5, both, labels)
