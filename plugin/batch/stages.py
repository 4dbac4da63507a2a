"""What is done with one frame of a render: read (or found up to date), rendered, written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from interneg.errors import InputError
from interneg.frame import Frame
from interneg.graph import Graph, decisive, needed
from interneg.io import Output, format_frames
from interneg.node import Node
from interneg.plugin.batch.ahead import Digested, ReadAhead
from interneg.plugin.batch.convert import Delivery
from interneg.plugin.batch.depth import at_depth
from interneg.plugin.batch.provenance import KEY, Provenance
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.batch.told import Told
from interneg.plugin.facts.files import FileParts

Facts = dict[str, str]


@dataclass(frozen=True)
class Stages:
    """The three stages of a pipeline.

    beside: the mask and the matte, those that there are. depth: how samples are stored, None for as in the
    input. parts: of the files that knobs name. kept: the provenance key of each output frame that is there
    already. told: where nodes tell.
    """

    source: ClipSource
    ahead: ReadAhead
    beside: Sequence[ReadAhead]
    nodes: Sequence[Node]
    graph: Graph
    deliver: Delivery
    depth: str | None
    output: Output
    provenance: Provenance
    parts: FileParts
    kept: dict[int, str]
    told: Told

    def facts(self, number: int) -> Facts:
        """The provenance that the frame will have."""
        around = sorted(decisive(self.nodes, number))
        clips: tuple[Digested, ...] = (self.source, *self.beside)
        digests = [clip.digest(n) for clip in clips for n in around if n in clip.numbers]
        return self.provenance.of(digests + self.parts.digests(around))

    def read(self, number: int) -> Facts | None:
        """Read what the frame needs. None where it is up to date, or left out."""
        if self.source.left_out(number):
            return None
        facts = self.facts(number)
        if self.kept.get(number) == facts[KEY]:
            return None
        self.ahead.fetch(self._window(number))
        if self.source.left_out(number):
            self.ahead.forget(number)
            return None
        for clip in self.beside:
            clip.fetch([number])
        return facts

    def render(self, number: int, facts: Facts) -> tuple[Frame, Facts, float]:
        """Render the frame, in the output's colour space; last the seconds that this took."""
        path, began = self.output.path_of(number), time.monotonic()
        with self.told.frame(number):
            frame = self.graph.render(number)
        if self.depth is not None:
            frame = at_depth(frame, self.depth, path)
        delivered = self.deliver(frame, path)
        return delivered, facts, round(time.monotonic() - began, 3)

    def write(self, number: int, result: tuple[Frame, Facts, float]) -> None:
        """Write the frame."""
        self.output.write(*result)

    def all_kept(self, numbers: Sequence[int]) -> bool:
        """Whether there is nothing to do."""
        return all(self.kept.get(n) == self.facts(n)[KEY] for n in numbers if not self.source.left_out(n))

    def require_unchanged(self) -> None:
        """Raise InputError where a file was replaced while its frames were rendered."""
        clips: tuple[Digested, ...] = (self.source, *self.beside)
        for clip in clips:
            if found := clip.changed():
                raise InputError(
                    f"frame{'s' * (len(found) > 1)} {format_frames(found)} of the input changed while it was "
                    "rendered, so that frames are out of date; render again: only those are made anew"
                )

    def _window(self, number: int) -> list[int]:
        return sorted(needed(self.nodes, number).intersection(self.source.numbers))
