"""`interneg submit`: a render as a job of a farm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

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


def submit(
    manager: Annotated[
        Literal["openjd", "opencue", "deadline"],
        typer.Argument(
            metavar="MANAGER",
            help="openjd (Open Job Description: AWS Deadline Cloud and other runners), opencue, or deadline "
            "(Thinkbox Deadline 10).",
        ),
    ],
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe, as for render; or a script, with --node.")
    ],
    input: Annotated[str | None, typer.Argument(metavar="INPUT", help="The clip, as for render.")] = None,
    output: Annotated[
        str | None, typer.Argument(metavar="OUTPUT", help="What is written, as for render.")
    ] = None,
    frames: Annotated[
        str | None,
        typer.Option(metavar="RANGE", help="Frames to render, as 1001-1100; by default the whole clip."),
    ] = None,
    chunk: Annotated[
        int, typer.Option(min=1, metavar="N", help="Frames of a task. A movie is one task, whatever N is.")
    ] = 20,
    dest: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Only write the files of the job to DIR, and send nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, and neither write nor send it.")
    ] = False,
    analyse: Annotated[
        bool,
        typer.Option(
            "--analyse/--no-analysis",
            help="First measure and solve these frames as a shot, for each node of the recipe that can be "
            "solved, into NAME.analysis beside OUTPUT.",
        ),
    ] = False,
    review: Annotated[
        bool,
        typer.Option(
            "--review/--no-review",
            help="Last make the page for review, NAME.review/review.html beside OUTPUT.",
        ),
    ] = True,
    engines: Annotated[
        Path | None,
        typer.Option(
            metavar="FLEET",
            help="First build the engines of this fleet file that the store lacks; with --runtime tensorrt "
            "or tensorrt-rtx.",
        ),
    ] = None,
    runtime: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of all tasks, so that no two machines choose for themselves: not auto."
        ),
    ] = "openvino",
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="Of all tasks, likewise; every processor has fp32.")
    ] = "fp32",
    cores: Annotated[int, typer.Option(min=1, metavar="N", help="Cores that a host must have.")] = 2,
    memory: Annotated[
        float | None,
        typer.Option(metavar="GIB", help="Memory that a host must have; by default as was measured."),
    ] = None,
    gpu_memory: Annotated[
        float | None, typer.Option(metavar="GIB", help="Memory that the GPU of a host must have.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of the job; by default that of the input.")
    ] = None,
    program: Annotated[
        str, typer.Option(metavar="PATH", help="Where hosts find interneg; by default in their PATH.")
    ] = "interneg",
    node: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which node of a script to render, as for render.")
    ] = None,
    settings: Settings = None,
    input_space: InputSpace = None,
    output_space: OutputSpace = None,
    ocio_config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="The OpenColorIO configuration; by default $OCIO, which goes along."
        ),
    ] = None,
    depth: Depth = None,
    missing: Missing = "error",
    mask: MaskClip = None,
    matte: MatteClip = None,
    reference: ReferenceClip = None,
    cuts: Cuts = None,
) -> None:
    """Send a render to a farm: the steps analysis, render in chunks, and review, each after the one before.

    All tasks take one runtime and one precision, so that chunks never differ. Tasks that fail may be tried
    again, and a job may be sent again: only frames that are missing or out of date are rendered.

    openjd: a bundle, sent by `deadline bundle submit` where AWS's client is installed. opencue: through
    pyoutline (extra `farm`), to the Cuebot that it is set up for. deadline: through `deadlinecommand`.

    Without --dest the files of the job are kept in .interneg/farm beside the output.
    """
    from interneg.plugin.cli.order import SubmitRequest, farm_job
    from interneg.plugin.farm.send import send, submission, write

    request = SubmitRequest(
        recipe, node, input, output, frames, chunk, tuple(settings or ()), input_space, output_space,
        ocio_config, depth, missing, mask, matte, reference, cuts, analyse, review, engines, runtime,
        precision, cores, memory, gpu_memory, name, program, dest,
    )  # fmt: skip
    made = submission(manager, *farm_job(request))
    if dry_run:
        print(made.text)
        return
    write(made)
    for file in made.files:
        print(f"written: {made.folder / file}")
    print(send(made) if dest is None else made.advice)
