"""What a node finds out of a shot: everything between a command and the file that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from interneg.analysis import Analysis
from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import RecipeError, near
from interneg.frame import Frame, Window
from interneg.graph import Graph, handles, needed
from interneg.io import open_clip
from interneg.memo import Memo
from interneg.node import Context, Node, View
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.job import Job, frames_of, read_cuts
from interneg.plugin.batch.progress import Progress
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.facts.files import read
from interneg.plugin.screen import on_screen, png
from interneg.recipe import NodeTypes


@dataclass(frozen=True)
class Findings:
    """What was found, and pictures of the frames that are worth a look, as PNG files, by number.

    space: the colour space of the clip.
    """

    analysis: Analysis
    pictures: Mapping[int, bytes]
    space: str


def analyse(
    job: Job,
    types: NodeTypes,
    colour: Colour,
    engines: EngineSource,
    progress: Progress,
    name: str | None = None,
    pictures: bool = False,
) -> Findings:
    """Let a node of the recipe note what it finds in a clip, after the nodes before it.

    job: its output is not looked at. types: all nodes there are. name: of the node, by default the first one
    that has an analysis. pictures: whether there are to be any. Raises RecipeError for a recipe without such
    a node, and what a render raises.
    """
    at = asked(job.recipe.nodes, types, name)
    found: dict[int, Any] = {}
    kind = type(job.recipe.nodes[at]).analysis
    assert kind is not None
    nodes = [*job.recipe.nodes[:at], _watched(job.recipe.nodes[at], found)]
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
        made, drawn = kind(found), {}
        for number in made.shown if pictures else ():
            shown = on_screen(graph.render(number), colour)
            drawn[number] = png(made.drawn(number, shown))
    return Findings(made, drawn, source.space)


def asked(nodes: Sequence[Node], types: NodeTypes, name: str | None = None) -> int:
    """Where in the row the node to ask stands. types, name: as for `analyse`. Raises RecipeError."""
    able = [n for n, kind in types.items() if kind.analysis is not None]
    if name is not None and name not in able:
        raise RecipeError(f"there is nothing to analyse for '{name}'{near(name, able)}: {' or '.join(able)}")
    for k, node in enumerate(nodes):
        if node.analysis is not None and name in (None, node.name):
            return k
    wanted = " or ".join(f"'{n}'" for n in ([name] if name else able))
    raise RecipeError(
        f"the recipe has no node {wanted} to analyse; it has: {', '.join(n.name for n in nodes)}"
    )


def _watched(node: Node, found: dict[int, Any]) -> Node:
    """The node as one that notes what it finds, by frame, and changes nothing."""
    kind = type(node)

    class Watched(kind):  # type: ignore[misc, valid-type]
        """The node as an observer."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            frame = window.frame
            found[frame.number] = self.observe(View(window, self.working_space, context, self.divides))
            return frame

    made: Node = Watched(**node.as_analysed().knobs)
    return made
