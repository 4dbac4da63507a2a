"""Render a clip through a recipe: everything between a command and its frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.graph import Graph, handles
from interneg.io import Clip, Output, format_frames, open_clip
from interneg.memo import Memo
from interneg.node import Context
from interneg.plugin.batch.ahead import ReadAhead
from interneg.plugin.batch.interrupt import on_interrupt
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.kept import kept_keys
from interneg.plugin.batch.memory import load
from interneg.plugin.batch.pipeline import Pipeline
from interneg.plugin.batch.planned import begun, planned
from interneg.plugin.batch.progress import Clock, Progress, Summary
from interneg.plugin.batch.provenance import Provenance
from interneg.plugin.batch.stages import Stages
from interneg.plugin.batch.told import Told
from interneg.plugin.facts.files import FileParts, read
from interneg.plugin.facts.own_names import drawn_by

_THREADS = 4
"""Readers, and writers, of image files; a movie has one of each."""


def render(job: Job, colour: Colour, engines: EngineSource, progress: Progress) -> Summary:
    """Render all frames of a job but those that are there and up to date.

    What can be checked before the work is: missing and damaged frames, colour spaces, engines, files in the
    way. Raises InternegError, also where the input changed meanwhile; frames finished until then stay. Raises
    KeyboardInterrupt after the first SIGINT or SIGTERM, all written frames being whole; a second one ends the
    process at once.
    """
    with closing(open_clip(job.input)) as clip:
        wanted, output = begun(job, clip)
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
    plan = planned(job, clip, wanted, output, colour)
    nodes, source, cuts, space, beside = plan.nodes, plan.source, plan.cuts, plan.space, plan.beside
    for sentence in plan.told:
        progress.status(sentence)
    kept = {} if job.overwrite else kept_keys(output, wanted)
    progress.status(f"{job.input} is in {source.space} ({source.reason})")
    opened = [engines.open(m) for m in sorted({m for n in nodes for m in n.models})]
    if synthesised := drawn_by(opened):
        progress.status(synthesised)

    before, after = handles(nodes)
    windows = 2 * (before + after) + 8 if before + after else 0
    scale = math.prod(n.enlarges for n in nodes)
    jobs, frames = load(job.memory, source.frame_bytes, scale, windows, job.jobs)
    ahead, told = ReadAhead(source), Told(progress)
    context = Context(colour, engines, Memo(4 * (before + after + jobs + 2)), told.tell, read, told.nonfinite)
    parts = FileParts(job.recipe)
    provenance = Provenance(
        replace(parts.recipe, input_space=source.space, output_space=space).identity,
        tuple(e.identity for e in opened),
        colour.identity,
        cuts,
        format_frames(wanted) if output.is_movie else None,
        synthesised,
    )
    known = job.known_cuts
    graph = Graph(
        nodes, ahead, context, cuts=cuts, known=known.frames if known is not None else None, **beside
    )
    depth, clips = job.recipe.depth, tuple(beside.values())
    stages = Stages(
        source, ahead, clips, nodes, graph, plan.deliver, depth, output, provenance, parts, kept, told
    )
    return stages, jobs, frames
