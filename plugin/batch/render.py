"""Render a clip through a recipe: everything between a command and its frames."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from interneg.colour import Colour
from interneg.engine import EngineSource
from interneg.errors import InputError, OutputError, UsageError
from interneg.frame import Frame
from interneg.graph import Graph, handles, needed
from interneg.io import Clip, Output, format_frames, open_clip, open_output, parse_frames, refuse_same
from interneg.io.formats import image_format, is_movie
from interneg.memo import Memo
from interneg.node import Context
from interneg.plugin.batch.ahead import ReadAhead
from interneg.plugin.batch.convert import Delivery
from interneg.plugin.batch.depth import require_depth
from interneg.plugin.batch.files import read, with_content
from interneg.plugin.batch.interrupt import on_interrupt
from interneg.plugin.batch.memory import load
from interneg.plugin.batch.pipeline import Pipeline
from interneg.plugin.batch.progress import Clock, Progress, Summary
from interneg.plugin.batch.provenance import KEY, Provenance
from interneg.plugin.batch.source import ClipSource, Missing, StillSource, require
from interneg.plugin.batch.stages import Stages
from interneg.recipe import Recipe
from interneg.shots import parse_cuts

_THREADS = 4
"""Readers, and writers, of image files; a movie has one of each."""

_RATE = Fraction(24)
"""Frames per second of a cut list's timecodes where the clip says nothing."""


@dataclass(frozen=True)
class Job:
    """A render as it was asked for.

    frames: a range, by default the whole clip. cuts: the file of a cut list. jobs: frames in work at once.
    memory: bytes that frames may fill, by default half of what is free. overwrite: render every frame again
    and replace files that Interneg did not write.
    """

    recipe: Recipe
    input: str
    output: str
    frames: str | None = None
    missing: Missing = "error"
    cuts: str | None = None
    jobs: int | None = None
    memory: int | None = None
    overwrite: bool = False


def render(job: Job, colour: Colour, engines: EngineSource, progress: Progress) -> Summary:
    """Render all frames of a job but those that are there and up to date.

    What can be checked before the work is: missing and damaged frames, colour spaces, engines, files in the
    way. Raises InternegError; frames finished until then stay. Raises KeyboardInterrupt after the first
    SIGINT or SIGTERM, all written frames being whole; a second one ends the process at once.
    """
    if "reference" in job.recipe.inputs:
        raise UsageError("no node of this recipe looks at a reference plate; leave it out")
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
            output.abort()
            raise
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
    nodes = [n for n in job.recipe.nodes if n.strength != 0]
    for node in nodes:
        for number in wanted:
            node.at(number)  # says now where a curve leaves its limits
    before, after = handles(nodes)
    cuts = read_cuts(job.cuts, clip) if job.cuts else None
    source = ClipSource(
        clip, job.input, wanted,
        colour=colour, space=job.recipe.input_space, missing=job.missing,
    )  # fmt: skip
    space = colour.resolve(job.recipe.output_space or source.space)
    deliver = Delivery(colour, source.space, space, output.path_of(wanted[0]))
    mask = _mask(job.recipe.inputs["mask"], colour, wanted, output) if "mask" in job.recipe.inputs else None
    kept = {} if job.overwrite else _kept(output, wanted)
    progress.status(f"{job.input} is in {source.space} ({source.reason})")
    opened = [engines.open(m) for m in sorted({m for n in nodes for m in n.models})]

    windows = 2 * (before + after) + 8 if before + after else 0
    scale = math.prod(n.enlarges for n in nodes)
    jobs, frames = load(job.memory, source.frame_bytes, scale, windows, job.jobs)
    ahead = ReadAhead(source)
    context = Context(colour, engines, Memo(4 * (before + after + jobs + 2)), _first_of_each(progress), read)
    provenance = Provenance(
        replace(with_content(job.recipe), input_space=source.space, output_space=space).identity,
        tuple(e.identity for e in opened),
        colour.identity,
        cuts,
        format_frames(wanted) if output.is_movie else None,
    )
    graph = Graph(nodes, ahead, context, mask=mask, cuts=cuts)
    depth = job.recipe.depth
    return Stages(source, ahead, mask, nodes, graph, deliver, depth, output, provenance, kept), jobs, frames


def _first_of_each(progress: Progress) -> Callable[[str, str], None]:
    """Shows the first sentence of each node."""
    shown: set[str] = set()
    lock = threading.Lock()

    def tell(node: str, sentence: str) -> None:
        with lock:
            new = node not in shown
            shown.add(node)
        if new:
            progress.status(f"{node}: {sentence}")

    return tell


def frames_of(job: Job, clip: Clip) -> tuple[int, ...]:
    """The frames to be written. Raises InputError for frames beyond the clip's ends, which are no gaps."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    if not job.frames:
        if clip.cut_short and job.missing == "error":
            lost = range(inside.stop, inside.stop + clip.cut_short)
            raise InputError(
                f"{job.input} is cut short: its header speaks of frames {format_frames(lost)}, which are not "
                f"there. Render the rest with --frames {format_frames(inside)}"
            )
        return tuple(inside)
    wanted = parse_frames(job.frames)
    if outside := [n for n in wanted if n not in inside]:
        raise InputError(
            f"{job.input} has frames {format_frames(inside)}; --frames {job.frames} asks for "
            f"{format_frames(outside)} beyond its ends"
        )
    return wanted


def _shown(recipe: Recipe, clip: Clip, wanted: Sequence[int]) -> set[int]:
    """The wanted frames and all that their windows show."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    return {n for w in wanted for n in needed(recipe.nodes, w) if n in inside}


def _output(job: Job, clip: Clip, wanted: Sequence[int]) -> Output:
    depth = job.recipe.depth
    movie = is_movie(Path(job.output))  # which takes its depth before frames; images take each frame's
    output = open_output(
        job.output, clip, overwrite=job.overwrite, depth=depth if movie else None, numbers=wanted
    )
    path = output.path_of(wanted[0])
    if depth is not None:
        require_depth(path, depth)
    kind = image_format(path)
    adding = [n.name for n in job.recipe.nodes if n.synthesis and n.strength != 0]
    if adding and (kind is None or kind.name != "openexr"):
        raise UsageError(
            f"{path} cannot hold the synthesis AOV of {adding[0]}: write EXR, or leave synthesis out"
        )
    return output


def read_cuts(path: str, clip: Clip) -> tuple[int, ...]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the cut list {path} cannot be read: {error}") from error
    return tuple(parse_cuts(text, clip.numbers, float(clip.rate or _RATE)))


def _mask(path: str, colour: Colour, wanted: Sequence[int], output: Output) -> ReadAhead:
    """Raises InputError, saying that it is the mask, where it cannot be read or would mask nothing.

    Raises UsageError where the output would overwrite it.
    """
    try:
        clip = open_clip(path)
        refuse_same(clip, {n: output.path_of(n) for n in wanted})
        still = len(clip.numbers) == 1
        numbers = clip.numbers if still else wanted
        require(clip, path, numbers, advice="")
        source = ClipSource(clip, path, numbers, colour=colour, advice="")
        _check_mask(source.frame(numbers[0]), path)
    except InputError as error:
        raise InputError(f"the mask: {error}") from error
    return ReadAhead(StillSource(source, wanted) if still else source)


def _check_mask(frame: Frame, path: str) -> None:
    """Refuse a matte that was painted into the colour of a picture with an opaque alpha."""
    if "A" not in frame.channels:
        return
    alpha = frame.pixels[frame.channels.index("A")]
    if (alpha == 1).all() and (frame.pixels[list(frame.colour_channels)] != 1).any():
        names = ", ".join(frame.channels[c] for c in frame.colour_channels)
        raise InputError(
            f"{path}: A says how much to treat, but in frame {frame.number} it is 1 everywhere while {names} "
            "are not, so that nothing would be masked; put the matte into A, or leave A out (then the first "
            "channel counts)"
        )


def _kept(output: Output, wanted: Sequence[int]) -> dict[int, str]:
    """The provenance keys of the frames that are there. Raises OutputError where other people's files are."""

    def key(number: int) -> str | None:
        made = output.provenance(number)
        return None if made is None else made.get(KEY, "")

    with ThreadPoolExecutor(_THREADS) as pool:
        found = {n: k for n, k in zip(wanted, pool.map(key, wanted), strict=True) if k is not None}
    strangers = [n for n, k in found.items() if not k]
    if strangers:
        files = str(output.path_of(strangers[0])) + (
            "" if len(strangers) == 1 or output.is_movie else " and others"
        )
        raise OutputError(
            f"{files} (frames {format_frames(strangers)}) exist and were not written by interneg, or "
            "changed since; choose another output, remove them, or replace them with --overwrite"
        )
    return found
