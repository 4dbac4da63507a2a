"""An analysis that is to be made: what it is of, and which frames each node is solved for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.io import Clip
from interneg.plugin.analysis.frames import filled, looked_at
from interneg.plugin.analysis.manifest import AnalysisManifest
from interneg.plugin.analysis.steps import Step, difference, made_with
from interneg.plugin.batch.job import Job, KnownCuts, read_cuts
from interneg.plugin.batch.progress import Progress
from interneg.recipe import NodeTypes


@dataclass(frozen=True)
class Work:
    """An analysis that is to be made.

    folder: where it is kept, made where it is not there. node: the only one that is measured, by its name;
    None for all. measure: whether nothing is solved. edits: whether a person's changes may be replaced.
    further: parts of the work that follow, such as a render.
    """

    job: Job
    folder: Path
    types: NodeTypes
    colour: Colour
    engines: EngineSource
    progress: Progress
    node: str | None = None
    measure: bool = False
    edits: bool = False
    further: int = 0


@dataclass(frozen=True)
class Underway:
    """An analysis at work. wanted: the frames that it is made for."""

    work: Work
    clip: Clip
    wanted: Sequence[int]

    @cached_property
    def given(self) -> KnownCuts | None:
        """The cuts of --cuts, read once: what is odd about them is told then. Raises as `read_cuts`."""
        cuts = self.work.job.cuts
        return KnownCuts(read_cuts(cuts, self.clip)) if cuts else None

    def frames(self, step: Step) -> list[int]:
        """Those that a node is solved for: the nodes behind it look at some beyond a range."""
        behind = self.work.job.recipe.nodes[step.index + 1 :]
        seen = looked_at(behind, self.wanted, self.clip)
        return filled(seen, self.clip) if step.analysis.every_frame else sorted(seen)

    def solved(self, step: Step, made: AnalysisManifest) -> list[int]:
        """Those that a node is solved for, and those that it was, made as now: a range takes none away."""
        frames, before = self.frames(step), made.solved.get(step.name)
        if before is None or difference(before.nodes, made_with(self.work.job.recipe.nodes, step)):
            return frames
        seen = {*frames, *(n for n in before.frames if n in set(self.clip.numbers))}
        return filled(seen, self.clip) if step.analysis.every_frame else sorted(seen)
