"""Graph: nodes in a row over a clip, rendered one frame at a time.

A frame is a pure function of the frames that its nodes reach, so any order, any chunks and any number of
threads or machines of one kind give the same bits.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from typing import Protocol

from interneg.errors import UsageError
from interneg.frame import Frame, Window
from interneg.memo import Memo
from interneg.mixing import enlarged
from interneg.node import Context, Node
from interneg.shots import LOOK, Shots


class Source(Protocol):
    """Where a graph gets its frames from."""

    @property
    def numbers(self) -> Sequence[int]:
        """The frame numbers, rising."""

    def frame(self, number: int) -> Frame:
        """The frame of that number; asked for from several threads."""


class FrameList:
    """Frames in memory as a source. frames: with numbers that rise."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = {frame.number: frame for frame in frames}
        self.numbers: Sequence[int] = list(self._frames)

    def frame(self, number: int) -> Frame:
        """The frame of that number."""
        return self._frames[number]


def handles(nodes: Sequence[Node]) -> tuple[int, int]:
    """How many frames before and after a range are read to render it, cut detection included."""
    before, after = (sum(n.reach[side] for n in nodes if not n.bypassed) for side in (0, 1))
    return (before + LOOK, after + LOOK) if before or after else (0, 0)


def needed(nodes: Sequence[Node], number: int) -> set[int]:
    """The numbers of the frames that are looked at to render that one, in the clip or beyond its ends."""
    return _seen([(n, n.reach) for n in nodes if not n.bypassed], number)


def decisive(nodes: Sequence[Node], number: int) -> set[int]:
    """The numbers of the frames on which the result of that one depends, in the clip or beyond its ends.

    That is `needed`, but for what nodes reach and can do without: one that follows a file, as a path.
    """
    return _seen([(n, n.reach if n.needs_neighbours else (0, 0)) for n in nodes if not n.bypassed], number)


def _seen(reaches: Sequence[tuple[Node, tuple[int, int]]], number: int) -> set[int]:
    wanted = {number}
    look = LOOK if any(any(reach) for _, reach in reaches) else 0
    for node, (before, after) in reversed(reaches):
        anchors = {a for n in wanted for a in node.anchors(n)}
        wanted = {m for n in wanted for m in range(n - before, n + after + 1)} | anchors
    return {m for n in wanted for m in range(n - look, n + look + 1)}


class Graph:
    """A row of nodes over a source, each as it is at the time of the frame that it renders.

    mask: an optional clip, one frame for each of the source's, that limits every node. reference, matte:
    likewise, the plate that some nodes look at, over the same window, and what others are told is
    damage. cuts: the first frame number of each shot where they are known, for all frames or for those in
    `known`; else cuts are detected where a node needs them.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        source: Source,
        context: Context,
        *,
        mask: Source | None = None,
        reference: Source | None = None,
        matte: Source | None = None,
        cuts: Collection[int] | None = None,
        known: Container[int] | None = None,
    ) -> None:
        self._nodes = [n for n in nodes if not n.bypassed]
        self._context = context
        self._mask = mask
        self._matte = matte
        self._numbers = source.numbers
        span = sum(max(n.reach) for n in self._nodes)
        self._temporal = any(handles(nodes))
        self._memo = Memo(2 * (span + LOOK) + 8)
        # Not a method of the graph: frames would then wait for the collector of reference cycles.
        self._input = _remembered("", source, self._memo) if self._temporal else source.frame
        self._plate = reference and (
            _remembered("reference", reference, self._memo) if self._temporal else reference.frame
        )
        self._shots = Shots(self._numbers, self._input, context.measurements, cuts, known)

    def render(self, number: int) -> Frame:
        """Render the frame of that number through all nodes. Raises what the source and the nodes raise."""
        return self._after(len(self._nodes), self._place(number))

    def starts(self, number: int) -> bool:
        """Whether a shot starts with the frame of that number. Raises what the source raises."""
        return self._shots.starts(self._place(number))

    def _after(self, count: int, index: int) -> Frame:
        """The frame as it is after the first `count` nodes."""
        if count == 0:
            return self._input(self._numbers[index])
        if not self._temporal or count == len(self._nodes):
            return self._render(count, index)
        frame: Frame = self._memo.get((count, index), lambda: self._render(count, index))
        return frame

    def _render(self, count: int, index: int) -> Frame:
        node = self._nodes[count - 1].at(self._numbers[index])
        before, after = node.reach
        around = self._shots.window(index, before, after) if before or after else [index]
        own = self._after(count - 1, index)
        frames = tuple(own if i == index else self._after(count - 1, i).on(own) for i in around)
        scale = math.prod(n.enlarges for n in self._nodes[: count - 1])

        def beside(clip: Source | None) -> Frame | None:
            return enlarged(clip.frame(self._numbers[index]), scale) if clip else None

        mask, matte = beside(self._mask), beside(self._matte if node.uses_matte else None)
        plate = self._plate if node.uses_reference else None
        references: tuple[Frame, ...] = ()
        if plate:
            references = tuple(plate(self._beside(index, i, k - before)) for k, i in enumerate(around))
        anchors = tuple(
            self._after(count - 1, self._index_of(number, node)).on(own)
            for number in node.anchors(self._numbers[index])
        )
        return node.render(Window(frames, before, references, matte, anchors), self._context, mask)

    def _beside(self, index: int, seen: int, offset: int) -> int:
        """The number of the reference's frame beside the one at `index`: beyond the clip's ends its own."""
        number = self._numbers[index] + offset
        return self._numbers[seen] if self._numbers[0] <= number <= self._numbers[-1] else number

    def _index_of(self, number: int, node: Node) -> int:
        try:
            return self._place(number)
        except KeyError:
            first, last = self._numbers[0], self._numbers[-1]
            raise UsageError(
                f"{node.name} looks at frame {number}, which is not in the clip ({first}-{last})"
            ) from None

    def _place(self, number: int) -> int:
        index = bisect_left(self._numbers, number)
        if index == len(self._numbers) or self._numbers[index] != number:
            raise KeyError(number)
        return index


def _remembered(name: str, source: Source, memo: Memo) -> Callable[[int], Frame]:
    def frame(number: int) -> Frame:
        read: Frame = memo.get((name, number), lambda: source.frame(number))
        return read

    return frame
