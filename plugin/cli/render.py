"""`interneg render`."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from interneg.plugin.batch.interrupt import leaving_at_once
from interneg.plugin.cli.options import (
    Cuts,
    Depth,
    InputSpace,
    MaskClip,
    MatteClip,
    Missing,
    OutputSpace,
    ReferenceClip,
    Settings,
)


@leaving_at_once()  # until the render has handlers of its own, and after it
def render(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help='A recipe file (.toml), or nodes in one line, as "deflicker | denoise-sr:scale=2,noise=25"; '
            "or a Nuke script (.nk) or Natron project (.ntp), with --node.",
        ),
    ],
    input: Annotated[
        str | None,
        typer.Argument(
            metavar="INPUT",
            help="plate.%04d.exr, plate.####.exr, a folder, one image, or a movie. Of a script by default "
            "the Read before the node.",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUTPUT",
            help="The same kinds, movies as .mov, .mp4, .m4v or .mkv; a folder takes the names of the input. "
            "Never the input itself. Of a script by default the Write behind the node.",
        ),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which node of a script to render, and with it the nodes of Interneg before it. Takes no "
            "licence of the host.",
        ),
    ] = None,
    frames: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Frames to render, as 1001-1100 or 1001-1100x2.")
    ] = None,
    settings: Settings = None,
    input_space: InputSpace = None,
    output_space: OutputSpace = None,
    ocio_config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="The OpenColorIO configuration; by default a script's own, else $OCIO, else the one built "
            "into OpenColorIO.",
        ),
    ] = None,
    depth: Depth = None,
    runtime: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="auto, tensorrt, tensorrt-rtx, openvino, onnxruntime or torch; see `interneg doctor`.",
        ),
    ] = "auto",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="auto, fp32, bf16, fp16 or int8; never replaced by another.")
    ] = "auto",
    devices: Annotated[
        str | None,
        typer.Option(
            metavar="LIST",
            help="GPUs to render on, as 0,1: a process for each, with its part of the frames. Counted among "
            "those that $CUDA_VISIBLE_DEVICES shows.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Frames in work at once; by default two, which keep all cores busy."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Render every frame again, and replace files that interneg did not write. Without it, "
            "frames that are up to date are left as they are.",
        ),
    ] = False,
    missing: Missing = "error",
    sound: Annotated[
        Literal["copy", "convert", "none"],
        typer.Option(
            help="Sound from movie to movie: copied as it is, and left out (which is said) where the output "
            "cannot hold it; or converted there, to PCM in .mov, AAC in .mp4, FLAC in .mkv, and in .mp4 "
            "where it is PCM, FLAC, Vorbis or DTS, which few players know there; or none."
        ),
    ] = "copy",
    mask: MaskClip = None,
    matte: MatteClip = None,
    reference: ReferenceClip = None,
    cuts: Cuts = None,
    analysis: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="What `interneg analyse` made of the whole shot: the nodes follow it. An error where it is "
            "of another clip or recipe, or not of all frames as they are now.",
        ),
    ] = None,
    analyse: Annotated[
        bool,
        typer.Option(
            "--analyse",
            help="Analyse the whole of INPUT first, as far as it has not been, into --analysis, by default a "
            "folder NAME.analysis beside OUTPUT; then render with that.",
        ),
    ] = False,
    memory: Annotated[
        float | None,
        typer.Option(
            metavar="GIB",
            help="Memory that frames may fill, by default half of what is free: sets how many are "
            "held at a time; exit 33 where not one fits. Networks take memory of their own, in tiles.",
        ),
    ] = None,
) -> None:
    """Render INPUT through RECIPE to OUTPUT.

    Frames are written whole or not at all. An interrupted render goes on where it stopped, and only frames
    whose recipe, models or input changed are rendered again; after a change by hand of a path, exposures or a
    list of defects, those that see it.

    Movies: .mov is ProRes 422 HQ (4444 with alpha or from a 4:4:4 movie), .mp4 and .m4v are H.264 at crf 14
    in 8 or 10 bit, .mkv is lossless FFV1; they have the frame rate of the input, else 24, and times of
    frames and sound of an input movie. JPEG is written at quality 95 without chroma subsampling.

    Exit codes: 0 all frames written or up to date, 2 usage, 3 input, 4 GPU memory, 5 no engine, 6 output,
    33 memory, 130 interrupted.
    """
    given_options = {k: v for k, v in locals().items() if k not in ("devices", "frames")}
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # the work goes on when nobody reads the progress

    from dataclasses import replace

    from interneg.colour import Colour
    from interneg.engines.runtimes import RUNTIMES
    from interneg.engines.source import Engines
    from interneg.errors import EngineError, UsageError
    from interneg.nodes import NODES
    from interneg.plugin.batch.job import Job
    from interneg.plugin.batch.progress import shown
    from interneg.plugin.batch.render import render as run
    from interneg.plugin.cli.recipes import changed, render_of
    from interneg.plugin.facts.own_names import require_known
    from interneg.plugin.machine.allocator import keep_freed_memory
    from interneg.plugin.machine.sizes import bytes_asked
    from interneg.plugin.scripts.find import config_of, is_script

    limit = bytes_asked("--memory", memory)
    # Before the input is read; and a render that needs no network must not hide it.
    if runtime in RUNTIMES and (reason := RUNTIMES[runtime].unavailable()):
        raise EngineError(f"{runtime}: {reason}")
    keep_freed_memory()
    with shown() as progress:
        colour = Colour(ocio_config or (config_of(recipe) if is_script(recipe) else None))
        given = (("mask", mask), ("matte", matte), ("reference", reference))
        inputs = {name: clip for name, clip in given if clip is not None}
        found = render_of(recipe, node, (input, output), (input_space, output_space), inputs, colour)
        if found.summary:
            progress.status(found.summary)
        job = Job(
            changed(
                found.recipe,
                settings or (),
                input_space=input_space,
                output_space=output_space,
                depth=depth,
                inputs=inputs,
            ),
            found.input,
            found.output,
            frames=frames or found.frames,
            missing=missing,
            cuts=None if cuts is None else str(cuts),
            jobs=jobs,
            memory=limit,
            overwrite=overwrite,
            sound=sound,
        )
        if devices is not None:
            from interneg.plugin.cli.devices import devices_of, render_on

            if analyse:
                raise UsageError("--devices renders: run `interneg analyse` first, then with --analysis")
            if code := render_on(devices_of(devices), job, given_options):
                raise typer.Exit(code)
            return
        engines = Engines(runtime, precision)
        require_known(job.recipe.nodes, engines.choices)
        if analysis is not None or analyse:
            from interneg.plugin.analysis.follow import beside, follow
            from interneg.plugin.analysis.shot import analyse as whole_shot
            from interneg.plugin.analysis.work import Work

            folder = analysis or beside(found.output)
            if analyse:
                work = Work(replace(job, frames=None), folder, NODES, colour, engines, progress, further=1)
                solved = len(whole_shot(work).solved)
                progress.part(solved, solved + 1)
            job = follow(job, folder, NODES, colour, progress.status)
        summary = run(job, colour, engines, progress)
        progress.status(f"{found.output}: {summary}")
