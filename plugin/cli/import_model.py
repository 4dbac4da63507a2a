"""`interneg import-model`: a model of the user's own made a choice of Denoise-SR."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interneg.plugin.cli.options import ModelFolder


class _Range(StrEnum):
    UNIT = "0..1"
    CODES = "0..255"
    SIGNED = "-1..1"


class _Layout(StrEnum):
    RGB = "rgb"
    BGR = "bgr"
    Y = "y"


class _Task(StrEnum):
    SR = "sr"
    DENOISE = "denoise"
    RESTORE = "restore"


def import_model(
    file: Annotated[Path, typer.Argument(help="The model: .onnx, .pth, .safetensors, .ckpt or .pt.")],
    name: Annotated[str, typer.Option(help="What to call it; by default as the file is called.")] = "",
    task: Annotated[
        _Task | None, typer.Option(help="What it is for; by default what it seems to be.")
    ] = None,
    range_: Annotated[
        _Range | None, typer.Option("--range", help="The range of its pictures, where it is not found out.")
    ] = None,
    output_range: Annotated[
        _Range | None, typer.Option(help="The range of its result, where that is another one.")
    ] = None,
    noise_range: Annotated[
        _Range | None,
        typer.Option(help="The range that its noise level is given in; by default that of its pictures."),
    ] = None,
    layout: Annotated[
        _Layout | None, typer.Option(help="The order of its planes, where it is not found out.")
    ] = None,
    scale: Annotated[int | None, typer.Option(min=1, help="How much it enlarges, as a check.")] = None,
    output: Annotated[
        str, typer.Option(help="Which of its outputs is the picture, where it has several.")
    ] = "",
    licence: Annotated[str, typer.Option(help="Its licence, for the model card.")] = "",
    url: Annotated[str, typer.Option(help="Where it is from, for the model card.")] = "",
    perceptual: Annotated[
        bool,
        typer.Option(
            "--perceptual",
            help="It was trained to please the eye (a GAN): the fidelity lock is on, unless unlock is.",
        ),
    ] = False,
    accept_extra_licences: Annotated[
        bool,
        typer.Option(
            "--accept-extra-licences",
            help="Also read weights of architectures in the package spandrel-extra-arches, some for no "
            "commercial use: you accept their licences.",
        ),
    ] = False,
    folder: ModelFolder = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model of that name.")] = False,
) -> None:
    """Make a model of your own a choice of Denoise-SR's knob `model`.

    What the model takes and gives is found out by trying: scale, range, order of colours, sizes, how far it
    looks, what it does to level and colour, whether it holds in fp16, time and memory. What cannot be found
    out is asked for by option.
    """
    # Here and not above: the command line must start without loading image libraries.
    from rich.console import Console

    from interneg.engines.importing.card import found
    from interneg.engines.importing.importer import import_model as run
    from interneg.engines.importing.keeping import is_searched, target_folder, unsearched
    from interneg.engines.importing.wishes import Wishes
    from interneg.home import expanded
    from interneg.restore.own_model import scale_within

    wishes = Wishes(
        name=name,
        task=task.value if task else "",
        takes=range_.value if range_ else None,
        gives=output_range.value if output_range else range_.value if range_ else None,
        noise_range=noise_range.value if noise_range else None,
        layout=layout.value if layout else None,
        scale=scale,
        output=output,
        licence=licence,
        url=url,
        perceptual=perceptual,
        extra=accept_extra_licences,
    )
    place = target_folder(expanded(folder) if folder else None)
    shown = Console(stderr=True)
    with shown.status("") as status:
        told = ""

        def report(step: str) -> None:
            nonlocal told
            if shown.is_terminal:
                status.update(f"{step} ...")
            elif step != told:
                told = step
                shown.print(f"{step} ...", markup=False, highlight=False, soft_wrap=True)

        done = run(expanded(file), wishes, place, report, overwrite)
    console = Console()
    for key, value in found(done.probed, done.halved, done.measured).items():
        console.print(f"{key}: {value}", markup=False, highlight=False, soft_wrap=True)
    away = () if is_searched(place) else (unsearched(place),)
    for warning in (*done.warnings, *away):
        shown.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"written: {done.entry}", markup=False, highlight=False, soft_wrap=True)
    line = f"denoise-sr:model={done.name},scale={scale_within(done.probed.how.scale)}"
    console.print(
        f'use it: interneg render "{line}" INPUT OUTPUT', markup=False, highlight=False, soft_wrap=True
    )
