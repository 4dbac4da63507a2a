"""Render a clip through a recipe: everything between a command and its frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import UsageError
from interneg.graph import Graph, handles, needed
from interneg.io import Clip, Output, format_frames, open_clip, open_output
from interneg.io.formats import image_format, is_movie
from interneg.knobs import knobs_of
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.plugin.batch.ahead import ReadAhead
from interneg.plugin.batch.convert import Delivery
from interneg.plugin.batch.depth import require_depth
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.interrupt import on_interrupt
from interneg.plugin.batch.job import Job, frames_of, read_cuts
from interneg.plugin.batch.kept import kept_keys
from interneg.plugin.batch.mask import open_mask, open_matte, open_reference
from interneg.plugin.batch.memory import load
from interneg.plugin.batch.pipeline import Pipeline
from interneg.plugin.batch.progress import Clock, Progress, Summary
from interneg.plugin.batch.provenance import Provenance
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.batch.stages import Stages
from interneg.plugin.batch.told import Told
from interneg.plugin.facts.files import read, with_content
from interneg.plugin.facts.own_names import drawn_by
from interneg.recipe import Recipe

_THREADS = 4
"""Readers, and writers, of image files; a movie has one of each."""


def render(job: Job, colour: Colour, engines: EngineSource, progress: Progress) -> Summary:
    """Render all frames of a job but those that are there and up to date.

    What can be checked before the work is: missing and damaged frames, colour spaces, engines, files in the
    way. Raises InternegError, also where the input changed meanwhile; frames finished until then stay. Raises
    KeyboardInterrupt after the first SIGINT or SIGTERM, all written frames being whole; a second one ends the
    process at once.
    """
    _refuse_unused(job.recipe)
    if job.recipe.depth is not None and is_movie(Path(job.output)):
        require_depth(Path(job.output), job.recipe.depth)
    with closing(open_clip(job.input)) as clip:
        wanted = frames_of(job, clip)
        require(clip, job.input, _shown(job.recipe, clip, wanted), job.missing)
        output = _output(job, clip, wanted)
        stages, jobs, frames = _prepare(job, clip, wanted, output, colour, engines, progress)
        if output.is_movie and not stages.all_kept(wanted):
            stages.kept.clear()
        counts = dict.fromkeys(("written", "up to date", "left out"), 0)

        clock = Clock()

        def done(number: int, written: bool) -> None:
            outcome = "written" if written else "left out" if stages.source.left_out(number) else "up to date"
            counts[outcome] += 1
            clock.count(outcome)
            stages.told.done(number)
            progress.step(number, outcome)

        pipeline = Pipeline(
            stages.read, stages.render, stages.write,
            slots=frames,
            readers=1 if clip.is_movie else _THREADS,
            renderers=jobs,
            writers=1 if output.is_movie else _THREADS,
        )  # fmt: skip
        progress.start(len(wanted))
        try:
            with on_interrupt(pipeline.stop):
                if not pipeline.run(wanted, done):
                    raise KeyboardInterrupt
                output.close()
        except BaseException:
            if pipeline.is_settled:
                output.abort()
            raise
        finally:
            stages.told.close()
        stages.require_unchanged()
    return Summary(counts["written"], counts["up to date"], counts["left out"], clock.seconds)


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


def _prepare(
    job: Job,
    clip: Clip,
    wanted: Sequence[int],
    output: Output,
    colour: Colour,
    engines: EngineSource,
    progress: Progress,
) -> tuple[Stages, int, int]:
    """Everything that can fail before the first frame; frames in work, and in the pipeline, at once."""
    nodes = _rendered(job.recipe, progress)
    there = set(clip.numbers)
    for node in nodes:
        # Says now where a curve leaves its limits, and where a file that it reads lacks a frame.
        working = [n for n in wanted if node.at(n).strength != 0]
        node.require([n for n in working if n in there], read)
    before, after = handles(nodes)
    known, cuts = job.known_cuts, read_cuts(job.cuts, clip) if job.cuts else None
    if known is not None:
        cuts = known.starts
    source = ClipSource(
        clip, job.input, wanted,
        colour=colour, space=job.recipe.input_space, missing=job.missing,
    )  # fmt: skip
    space = colour.resolve(job.recipe.output_space or source.space)
    if space != source.space and nodes and nodes[-1].shows == "data":
        progress.status(f"{nodes[-1].name} shows data, which are not brought into {space}")
        space = source.space
    deliver = Delivery(colour, source.space, space, output.path_of(wanted[0]))
    further = {"mask": open_mask, "matte": open_matte, "reference": open_reference}
    beside = {
        name: opened(job.recipe.inputs[name], colour, wanted, output)
        for name, opened in further.items()
        if name in job.recipe.inputs
    }
    kept = {} if job.overwrite else kept_keys(output, wanted)
    progress.status(f"{job.input} is in {source.space} ({source.reason})")
    opened = [engines.open(m) for m in sorted({m for n in nodes for m in n.models})]
    if synthesised := drawn_by(opened):
        progress.status(synthesised)

    windows = 2 * (before + after) + 8 if before + after else 0
    scale = math.prod(n.enlarges for n in nodes)
    jobs, frames = load(job.memory, source.frame_bytes, scale, windows, job.jobs)
    ahead, told = ReadAhead(source), Told(progress)
    context = Context(colour, engines, Memo(4 * (before + after + jobs + 2)), told.tell, read, told.nonfinite)
    provenance = Provenance(
        replace(with_content(job.recipe), input_space=source.space, output_space=space).identity,
        tuple(e.identity for e in opened),
        colour.identity,
        cuts,
        format_frames(wanted) if output.is_movie else None,
        synthesised,
    )
    graph = Graph(
        nodes, ahead, context, cuts=cuts, known=known.frames if known is not None else None, **beside
    )
    depth, clips = job.recipe.depth, tuple(beside.values())
    stages = Stages(source, ahead, clips, nodes, graph, deliver, depth, output, provenance, kept, told)
    return stages, jobs, frames


def _rendered(recipe: Recipe, progress: Progress) -> list[Node]:
    """The nodes that render: those whose strength is 0 do not, and none does behind one that shows a view."""
    nodes = [n for n in recipe.nodes if n.strength != 0]
    view = next((k for k, node in enumerate(nodes) if node.shows != "result"), len(nodes))
    if behind := [n.name for n in nodes[view + 1 :]]:
        progress.status(
            f"{nodes[view].name} shows a view, so what is behind it is left out: {', '.join(behind)}"
        )
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
        if declared.aov and getattr(n, k) and n.strength != 0
    ]
    if adding and (kind is None or kind.name != "openexr"):
        aov, node = adding[0]
        raise UsageError(f"{path} cannot hold the {aov} AOV of {node}: write EXR, or leave {aov} out")
    return output
