"""Measuring a shot for one node: its frames looked at, and what it notes of each kept on the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from typing import Any, Protocol

from interneg.analysis import Analysis
from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.graph import Graph, decisive, handles, needed
from interneg.io import Clip
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.plugin.analysis.frames import sees
from interneg.plugin.analysis.steps import Facts
from interneg.plugin.batch.ahead import Digested, ReadAhead
from interneg.plugin.batch.interrupt import on_interrupt
from interneg.plugin.batch.job import Job, KnownCuts
from interneg.plugin.batch.mask import open_mask, open_matte, open_reference
from interneg.plugin.batch.memory import load
from interneg.plugin.batch.pipeline import Pipeline
from interneg.plugin.batch.progress import Progress
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.batch.told import Told
from interneg.plugin.facts.files import FileParts, read
from interneg.plugin.noted.records import NotedFrame
from interneg.plugin.noted.watched import watched
from interneg.recipe import Recipe

_OPENED = {"mask": open_mask, "matte": open_matte, "reference": open_reference}

_READERS = 4


class Kept(Protocol):
    """Where records are kept."""

    def key(self, number: int) -> str:
        """The key of the record of that frame; "" where there is none."""

    def keep(self, number: int, record: NotedFrame) -> None:
        """Keep the record of that frame."""


class Measuring:
    """One node of a recipe measures frames of a clip, after the nodes before it."""

    def __init__(
        self,
        job: Job,
        clip: Clip,
        wanted: Sequence[int],
        nodes: Sequence[Node],
        cuts: KnownCuts | None,
        colour: Colour,
        engines: EngineSource,
        progress: Progress,
    ) -> None:
        """job: its output is not looked at. wanted: the frames. nodes: the last one measures; those before it
        render. cuts: None where they are to be detected. Raises what a render raises before its first frame.
        """
        self._progress, self._wanted, self._cuts = progress, wanted, cuts
        self._found: dict[int, Any] = {}
        self._nodes = [*(n for n in nodes[:-1] if not n.bypassed), watched(nodes[-1], self._found)]
        self._kind = type(nodes[-1])
        self._followed = FileParts(Recipe(tuple(nodes[:-1]))) if nodes[:-1] else None
        self._told = Told(progress)
        source = ClipSource(
            clip, job.input, wanted,
            colour=colour, space=job.recipe.input_space, missing=job.missing, alike=True,
        )  # fmt: skip
        self.space = source.space
        before, after = handles(self._nodes)
        windows = 2 * (before + after) + 8 if before + after else 0
        self._jobs, self._slots = load(job.memory, source.frame_bytes, 1, windows, job.jobs)
        self._ahead = ReadAhead(source)
        self._beside = {
            name: opened(job.recipe.inputs[name], colour, wanted, None)
            for name, opened in _OPENED.items()
            if name in job.recipe.inputs and any(sees(node, name) for node in self._nodes[:-1])
        }
        self._clips: list[Digested] = [source, *self._beside.values()]
        opened = [engines.open(m) for m in sorted({m for n in self._nodes for m in n.models})]
        self._models = [e.identity for e in opened]
        context = Context(
            colour, engines, Memo(4 * (before + after + self._jobs + 2)),
            self._told.tell, read, self._told.nonfinite,
        )  # fmt: skip
        self.graph = Graph(
            self._nodes, self._ahead, context,
            cuts=cuts.starts if cuts else None,
            known=cuts.frames if cuts else None,
            **self._beside,
        )  # fmt: skip
        self._movie = clip.is_movie
        self._colour = colour.identity

    def key(self, number: int, facts: Sequence[Facts]) -> str:
        """By what the record of that frame is known: equal where all that it depends on is.

        Of the files that the nodes before it follow, what they say of the frames that it depends on counts.
        facts: of the nodes, see `steps.made_with`.
        """
        around = sorted(decisive(self._nodes, number))
        digests = [clip.digest(n) for clip in self._clips for n in around if n in clip.numbers]
        cuts = self._cuts.within(around[0], around[-1]) if self._cuts else None
        followed = self._followed and [self._followed.recipe.identity, self._followed.digests(around)]
        parts = [facts, followed, self._models, self._colour, self.space, cuts, digests]
        return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()

    def run(self, records: Kept, keys: Mapping[int, str], again: Container[int] = ()) -> None:
        """Measure each frame that has no record with its key, and those to be measured again.

        Raises InternegError; records finished until then stay. Raises KeyboardInterrupt after SIGINT or
        SIGTERM.
        """

        def begin(number: int) -> bool | None:
            if records.key(number) == keys[number] and number not in again:
                return None
            self._ahead.fetch(sorted(needed(self._nodes, number).intersection(self._ahead.numbers)))
            for clip in self._beside.values():
                clip.fetch([number])
            return True

        def measure(number: int, _: bool) -> NotedFrame:
            with self._told.frame(number):
                self.graph.render(number)
            return NotedFrame(keys[number], self.graph.starts(number), self._found.pop(number))

        def done(number: int, new: bool) -> None:
            self._told.done(number)
            self._progress.step(number, "analysed" if new else "up to date")

        pipeline = Pipeline(
            begin, measure, records.keep,
            slots=self._slots,
            readers=1 if self._movie else _READERS,
            renderers=self._jobs,
            writers=1,
        )  # fmt: skip
        self._progress.start(len(self._wanted))
        try:
            with on_interrupt(pipeline.stop):
                if not pipeline.run(self._wanted, done):
                    raise KeyboardInterrupt
        finally:
            self._told.close()

    def solve(self, records: Mapping[int, NotedFrame]) -> Analysis:
        """What the node makes of all that it noted."""
        kind = self._kind.analysis
        assert kind is not None
        return kind({n: record.noted for n, record in records.items()})
