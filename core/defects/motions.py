"""Motions: what the motion to another frame may be in a hole, by that of what is around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from interneg.defects.blend import spread_each
from interneg.defects.evidence import Neighbour
from interneg.defects.middle import upper_median
from interneg.defects.pieces import Piece
from interneg.frame import Mask, Pixels

MOST = 3
"""So many there are of a piece at most: the median of around it, near and wide, and what is continued."""

# Beyond the ring the motion is looked at so far away, at one pixel of so many in each direction.
_WIDE, _EVERY = 32, 4

_Area = tuple[slice, slice]


def motions(pieces: Sequence[Piece], around: Sequence[Neighbour]) -> Iterator[list[list[Pixels]]]:
    """What the motion to each neighbour may be at each piece, one to `MOST` of (2, h, w) or (2, 1, 1).

    x and y, in pixels. A piece has a ring.
    """
    for area, some in _together(pieces):
        fields = [n.field[area] for n in around]
        sure = [n.confidence[area] > 0.5 for n in around]
        for piece in some:
            yield _at(piece, area, fields, sure)


def _together(pieces: Sequence[Piece]) -> Iterator[tuple[_Area, list[Piece]]]:
    """The pieces that follow each other and share most of what is around them, with all of that."""
    area, some = None, list[Piece]()
    for piece in pieces:
        wide = _wide(piece)
        if area is not None:
            both = (
                slice(min(area[0].start, wide[0].start), max(area[0].stop, wide[0].stop)),
                slice(min(area[1].start, wide[1].start), max(area[1].stop, wide[1].stop)),
            )
            if _size(both) <= _size(area) + _size(wide):
                area = both
                some.append(piece)
                continue
            yield area, some
        area, some = wide, [piece]
    if area is not None:
        yield area, some


def _wide(piece: Piece) -> _Area:
    rows, columns = (slice(max(0, s.start - _WIDE), s.stop + _WIDE) for s in piece.area)
    return rows, columns


def _size(area: _Area) -> int:
    return int((area[0].stop - area[0].start) * (area[1].stop - area[1].start))


def _at(piece: Piece, area: _Area, fields: Sequence[Pixels], known: Sequence[Mask]) -> list[list[Pixels]]:
    """What the motion to each neighbour may be at a piece; see `motions`.

    fields: of the motion in an area that holds the piece, (H, W, 2), and where they are confident, (H, W).
    """
    ring, count = np.flatnonzero(piece.ring), len(fields)
    inner, wide = (
        tuple(slice(s.start - a.start, s.stop - a.start) for s, a in zip(part, area, strict=True))
        for part in (piece.area, _wide(piece))
    )
    few = tuple(slice(s.start, s.stop, _EVERY) for s in wide)
    near = np.empty((2, *piece.ring.shape, count), np.float32)
    sure = np.empty((*piece.ring.shape, count), np.bool_)
    for k in range(count):
        near[..., k], sure[..., k] = fields[k][inner].transpose(2, 0, 1), known[k][inner]
    sure &= piece.ring[..., None]
    done = [[f[:, None, None]] for f in upper_median(near.reshape(2, -1, count)[:, ring]).T]
    enough = np.flatnonzero(sure.reshape(-1, count).sum(axis=0) > len(ring) / 4)
    if len(enough):
        made = spread_each(near[..., enough], sure[..., enough])
        for j, which in enumerate(enough):
            done[which].append(made[..., j])
    for k, found in enumerate(done):
        steady = fields[k][few][known[k][few]]
        if len(steady):
            found.append(upper_median(steady)[:, None, None])
    return done
