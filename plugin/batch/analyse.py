"""The path of a clip, as Stabilise measures it: everything between a command and its path file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import RecipeError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.graph import Graph, handles, needed
from interneg.io import open_clip
from interneg.memo import Memo
from interneg.motion.path_file import text
from interneg.motion.similarity import Motion
from interneg.motion.solution import Solution
from interneg.node import Context, Node, View
from interneg.nodes.stabilise import Stabilise
from interneg.plugin.batch.job import Job, frames_of, read_cuts
from interneg.plugin.batch.progress import Progress
from interneg.plugin.batch.source import ClipSource, require
from interneg.plugin.facts.files import read
from interneg.plugin.scripts.nuke_transform import nuke


@dataclass(frozen=True)
class MeasuredPath:
    """What was found: of each frame its motion since the one before, and what Stabilise would do about it.

    data, display: the windows of the frames. aspect: how many times as wide as high a pixel is.
    """

    data: Box
    display: Box
    aspect: float
    motions: Mapping[int, Motion]
    corrections: Mapping[int, Motion]
    bends: Mapping[int, Pixels]

    @property
    def json(self) -> str:
        """The path file."""
        size = self.data.height, self.data.width
        return text(size, self.motions, self.corrections, self.aspect, self.bends)

    @property
    def nuke(self) -> str:
        """The corrections as a Nuke Transform."""
        return nuke(self.data, self.display, self.corrections, self.aspect)


def analyse(job: Job, colour: Colour, engines: EngineSource, progress: Progress) -> MeasuredPath:
    """Measure the path of a clip as the recipe's first stabilise sees it, after the nodes before it.

    job: its output is not looked at. The corrections are those of weave 1 without a zoom, whatever the recipe
    has, so that its knobs still work on them; so is warp, where the recipe has any. Raises RecipeError for a
    recipe without stabilise, and what a render raises.
    """
    found: dict[int, _Seen] = {}
    nodes = _watched(job.recipe.nodes, found)
    with closing(open_clip(job.input)) as clip:
        wanted = frames_of(job, clip)
        inside = range(clip.numbers[0], clip.numbers[-1] + 1)
        require(clip, job.input, {n for w in wanted for n in needed(nodes, w) if n in inside}, job.missing)
        source = ClipSource(
            clip, job.input, wanted,
            colour=colour, space=job.recipe.input_space, missing=job.missing, alike=True,
        )  # fmt: skip
        cuts = read_cuts(job.cuts, clip) if job.cuts else None
        context = Context(colour, engines, Memo(4 * (sum(handles(nodes)) + 2)), read=read)
        graph = Graph(nodes, source, context, cuts=cuts)
        progress.start(len(wanted))
        for number in wanted:
            graph.render(number)
            progress.step(number, "analysed")
    first = next(iter(found.values()))
    return MeasuredPath(
        first.data,
        first.display,
        first.aspect,
        {n: seen.motion for n, seen in found.items()},
        {n: seen.done.motion for n, seen in found.items()},
        {n: seen.done.bend for n, seen in found.items() if seen.done.bend is not None},
    )


@dataclass(frozen=True)
class _Seen:
    """One frame: its windows and pixel aspect, its motion since the one before, and what is done about it."""

    data: Box
    display: Box
    aspect: float
    motion: Motion
    done: Solution


def _watched(nodes: tuple[Node, ...], found: dict[int, _Seen]) -> list[Node]:
    """The nodes up to the first stabilise, which tells what it finds and moves nothing."""

    class Watched(Stabilise):
        """Stabilise as an observer."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            frame = window.frame
            view = View(window, self.working_space, context, self.unpremultiply)
            found[frame.number] = _Seen(
                frame.data_window,
                frame.display_window,
                frame.pixel_aspect,
                self.since(view),
                replace(self.solve(view), track={}),
            )
            return frame

    for k, node in enumerate(nodes):
        if isinstance(node, Stabilise):
            plain = replace(node, strength=1.0, weave=1.0, warp=float(node.warp != 0), edges="hold", path="")
            return [*nodes[:k], Watched(**plain.knobs)]  # type: ignore[arg-type]
    names = ", ".join(n.name for n in nodes)
    raise RecipeError(f"the recipe has no node 'stabilise', whose path could be measured; it has: {names}")
