"""Packing: many small windows of a picture in few pictures of one size, which a network is run on."""

from __future__ import annotations

from collections.abc import Sequence

Area = tuple[slice, slice]
Size = tuple[int, int]
Corner = tuple[int, int]


def merged(areas: Sequence[Area], around: int, largest: int) -> list[Area]:
    """The areas, joined to the box around both where one window shows it with fewer pixels than two.

    A window has `around` pixels more on each side. largest: the longest side of what is joined; an area may
    be longer by itself.
    """

    def cost(area: Area) -> int:
        rows, columns = area
        return int((rows.stop - rows.start + 2 * around) * (columns.stop - columns.start + 2 * around))

    done: list[Area] = []
    for area in areas:
        best, at = cost(area), len(done)
        for k, other in enumerate(done):
            both = _box(area, other)
            more = cost(both) - cost(other)
            if more < best and max(s.stop - s.start for s in both) <= largest:
                best, at = more, k
        done[at : at + 1] = [_box(area, done[at]) if at < len(done) else area]
    return done


def packed(sizes: Sequence[Size], side: int) -> list[dict[int, Corner]]:
    """Place boxes, of (height, width) each, in squares, on shelves: the highest first (first fit).

    side: of a square, in pixels; no box is longer. Returns for each square which of the boxes it holds, by
    number, and the top left corner of each.
    """
    squares: list[dict[int, Corner]] = []
    free: list[int] = []  # the first row below the shelves of each square
    shelves: list[tuple[int, int, int, int]] = []  # square, top, height, first free column
    for number in sorted(range(len(sizes)), key=lambda k: (-sizes[k][0], k)):
        height, width = sizes[number]
        for k, (square, top, high, column) in enumerate(shelves):
            if height <= high and column + width <= side:
                shelves[k] = square, top, high, column + width
                squares[square][number] = top, column
                break
        else:
            square = next((k for k, row in enumerate(free) if row + height <= side), len(squares))
            if square == len(squares):
                squares.append({})
                free.append(0)
            squares[square][number] = free[square], 0
            shelves.append((square, free[square], height, width))
            free[square] += height
    return squares


def _box(a: Area, b: Area) -> Area:
    rows, columns = (slice(min(p.start, q.start), max(p.stop, q.stop)) for p, q in zip(a, b, strict=True))
    return rows, columns
