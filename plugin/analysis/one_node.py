"""What one node finds out of a shot: everything between a command and the file that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from interneg.analysis import Analysis
from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import RecipeError, near
from interneg.io import open_clip
from interneg.node import Node
from interneg.plugin.analysis.frames import filled, looked_at
from interneg.plugin.analysis.measuring import Measuring
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.job import Job, KnownCuts, frames_of, read_cuts
from interneg.plugin.batch.progress import Progress
from interneg.plugin.noted.records import NotedFrame
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


class _Kept(dict[int, NotedFrame]):
    """NotedFrames in memory."""

    def key(self, number: int) -> str:
        """There is none yet."""
        return ""

    def keep(self, number: int, record: NotedFrame) -> None:
        """Keep it."""
        self[number] = record


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
    nodes = job.recipe.nodes[: at + 1]
    with closing(open_clip(job.input)) as clip:
        kind = nodes[-1].analysis
        wanted = frames_of(job, clip)
        if kind is not None and kind.every_frame:
            wanted = tuple(filled(wanted, clip))
        require(clip, job.input, looked_at(nodes, wanted, clip), job.missing)
        cuts = KnownCuts(read_cuts(job.cuts, clip)) if job.cuts else None
        measuring, kept = Measuring(job, clip, wanted, nodes, cuts, colour, engines, progress), _Kept()
        measuring.run(kept, dict.fromkeys(wanted, "new"))
        made, drawn = measuring.solve(kept), {}
        for number in made.shown if pictures else ():
            shown = on_screen(measuring.graph.render(number), colour)
            drawn[number] = png(made.drawn(number, shown))
    return Findings(made, drawn, measuring.space)


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
