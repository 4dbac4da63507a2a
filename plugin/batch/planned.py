"""What is known of a render before its first frame, and what is refused by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from interneg.colour import Colour
from interneg.errors import UsageError
from interneg.graph import needed
from interneg.io import Clip, Output, open_clip, open_output
from interneg.io.formats import image_format, is_movie
from interneg.knobs import knobs_of
from interneg.node import Node
from interneg.plugin.batch.ahead import ReadAhead
from interneg.plugin.batch.convert import Delivery
from interneg.plugin.batch.depth import require_depth
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.job import Job, frames_of, read_cuts
from interneg.plugin.batch.kept import kept_keys
from interneg.plugin.batch.mask import open_mask, open_matte, open_reference
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.facts.files import read
from interneg.recipe import Recipe


@dataclass(frozen=True)
class RenderPlan:
    """A render before its first frame.

    nodes: those that render. source: the input. cuts: first frames of shots, None where they are to be found.
    space: that the output is written in, deliver: what brings it there. beside: mask, matte, reference by
    name. told: sentences that whoever renders is to know.
    """

    nodes: list[Node]
    source: ClipSource
    cuts: tuple[int, ...] | None
    space: str
    deliver: Delivery
    beside: Mapping[str, ReadAhead]
    told: Sequence[str]


def foresee(job: Job, colour: Colour) -> None:
    """Raise what a render would raise before its first frame, as far as is seen without reading all frames.

    Engines and damaged frames are left to the render, and the first of the files that are there stands for
    all of them. Writes nothing. Raises InternegError.
    """
    with closing(open_clip(job.input)) as clip:
        wanted, output = begun(job, clip, look=False)
        planned(job, clip, wanted, output, colour)
        there = (n for n in wanted if not output.is_movie and output.path_of(n).exists())
        if (first := next(there, None)) is not None:
            kept_keys(output, [first])


def begun(job: Job, clip: Clip, *, look: bool = True) -> tuple[tuple[int, ...], Output]:
    """The frames, and where they go. Raises InternegError for what names and numbers say cannot be.

    look: whether to look into the input's files for damage, too.
    """
    _refuse_unused(job.recipe)
    if job.recipe.depth is not None and is_movie(Path(job.output)):
        require_depth(Path(job.output), job.recipe.depth)
    wanted = frames_of(job, clip)
    require(clip, job.input, _shown(job.recipe, clip, wanted), job.missing, look=look)
    return wanted, _output(job, clip, wanted)


def planned(job: Job, clip: Clip, wanted: Sequence[int], output: Output, colour: Colour) -> RenderPlan:
    """Everything but engines that can fail before the first frame. Raises InternegError."""
    told: list[str] = []
    nodes = _rendered(job.recipe, told)
    there = set(clip.numbers)
    for node in nodes:
        # Says now where a curve leaves its limits, and where a file that it reads lacks a frame.
        working = [n for n in wanted if not node.at(n).bypassed]
        node.require([n for n in working if n in there], read)
    cuts = read_cuts(job.cuts, clip) if job.cuts else None
    if job.known_cuts is not None:
        cuts = job.known_cuts.starts
    source = ClipSource(
        clip, job.input, wanted,
        colour=colour, space=job.recipe.input_space, missing=job.missing,
    )  # fmt: skip
    space = colour.resolve(job.recipe.output_space or source.space)
    if space != source.space and nodes and nodes[-1].shows == "data":
        told.append(f"{nodes[-1].name} shows data, which are not brought into {space}")
        space = source.space
    deliver = Delivery(colour, source.space, space, output.path_of(wanted[0]))
    further = {"mask": open_mask, "matte": open_matte, "reference": open_reference}
    beside = {
        name: opened(job.recipe.inputs[name], colour, wanted, output)
        for name, opened in further.items()
        if name in job.recipe.inputs
    }
    return RenderPlan(nodes, source, cuts, space, deliver, beside, told)


def _refuse_unused(recipe: Recipe) -> None:
    """Refuse a matte or a reference that no node looks at."""
    looks = {
        "matte": ([n for n in recipe.nodes if n.matted], any(n.uses_matte for n in recipe.nodes)),
        "reference": ([n for n in recipe.nodes if n.reference], any(n.uses_reference for n in recipe.nodes)),
    }
    for name, (able, used) in looks.items():
        if name not in recipe.inputs or used:
            continue
        if able:
            does = (
                "set matte to add, replace or protect, and matte_from to input"
                if name == "matte"
                else "say what it does"
            )
            raise UsageError(f"the knobs of {able[0].name} leave the {name} unused: {does}, or leave it out")
        other = ", or give it as the mask" if name == "matte" else ""
        raise UsageError(f"no node of this recipe takes a {name}; leave it out{other}")


def _rendered(recipe: Recipe, told: list[str]) -> list[Node]:
    """The nodes that render: those whose strength is 0 do not, and none does behind one that shows a view.

    told: gets a sentence on those.
    """
    nodes = [n for n in recipe.nodes if not n.bypassed]
    view = next((k for k, node in enumerate(nodes) if node.shows != "result"), len(nodes))
    if behind := [n.name for n in nodes[view + 1 :]]:
        told.append(f"{nodes[view].name} shows a view, so what is behind it is left out: {', '.join(behind)}")
    return nodes[: view + 1]


def _shown(recipe: Recipe, clip: Clip, wanted: Sequence[int]) -> set[int]:
    """The wanted frames and all that their windows show."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    return {n for w in wanted for n in needed(recipe.nodes, w) if n in inside}


def _output(job: Job, clip: Clip, wanted: Sequence[int]) -> Output:
    depth = job.recipe.depth
    movie = is_movie(Path(job.output))  # which takes its depth before frames; images take each frame's
    output = open_output(
        job.output,
        clip,
        overwrite=job.overwrite,
        depth=depth if movie else None,
        numbers=wanted,
        sound=job.sound,
    )
    path = output.path_of(wanted[0])
    if depth is not None and not movie:
        require_depth(path, depth)
    kind = image_format(path)
    adding = [
        (k, n.name)
        for n in job.recipe.nodes
        for k, declared in knobs_of(type(n)).items()
        if declared.aov and getattr(n, k) and not n.bypassed
    ]
    if adding and (kind is None or kind.name != "openexr"):
        aov, node = adding[0]
        raise UsageError(f"{path} cannot hold the {aov} AOV of {node}: write EXR, or leave {aov} out")
    return output
