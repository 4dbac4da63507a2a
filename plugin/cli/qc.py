"""`interneg qc`: compare a clip with its reference, figure by figure and frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def qc(
    reference: Annotated[str, typer.Argument(help="Sequence, folder, image or movie to compare with.")],
    test: Annotated[str, typer.Argument(help="Sequence, folder, image or movie to judge.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures to this JSON file.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="DIR", help="Write a report with pictures to DIR/qc.html."),
    ] = None,
    frames: Annotated[
        str, typer.Option(metavar="RANGE", help="Frames of the reference to compare, as 1001-1100x2.")
    ] = "",
    crop: Annotated[
        int, typer.Option(min=0, metavar="PIXELS", help="Leave out so many pixels on every side.")
    ] = 0,
    lpips: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="WEIGHTS",
            help="Also measure LPIPS, by this file of weights; twice for the network's and lpips' own.",
        ),
    ] = None,
    vmaf: Annotated[
        bool, typer.Option("--vmaf", help="Also measure VMAF, by a program ffmpeg that has libvmaf.")
    ] = False,
) -> None:
    """Compare TEST with REFERENCE: PSNR-Y, SSIM-Y, FLIP, flicker, E_warp, blockiness, overshoot.

    Frames go together by number, or by order where the numbers have nothing in common. Integer pictures are
    compared as they are stored, float pictures after conversion to a display encoding.
    """
    # Here and not above: the command line must start without loading image libraries.
    from rich.console import Console
    from rich.progress import Progress

    from interneg.home import expanded
    from interneg.io import open_clip, parse_frames
    from interneg.plugin.pairs import pair_frames
    from interneg.plugin.qc.measure import measure
    from interneg.plugin.qc.meters import LpipsMeter, Meter
    from interneg.plugin.qc.report_html import write_html
    from interneg.plugin.qc.report_json import report_json
    from interneg.plugin.qc.table import quality_table
    from interneg.plugin.qc.viewer import Viewer
    from interneg.plugin.qc.vmaf import VmafMeter
    from interneg.texts import from_latin

    wanted = parse_frames(frames) if frames else None
    meters: list[Meter] = [LpipsMeter(list(map(expanded, lpips)))] if lpips else []
    clips = open_clip(reference), open_clip(test)
    try:
        meters += [VmafMeter()] if vmaf else []
        paired_by, pairs = pair_frames(*clips, wanted)
        viewer = Viewer(*clips, crop)
        progress = Console(stderr=True)
        with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
            task = bar.add_task("comparing", total=len(pairs))
            quality = measure(viewer, pairs, lambda: bar.advance(task), meters)
        facts: dict[str, Any] = {
            "reference": from_latin(reference),  # reports are UTF-8
            "test": from_latin(test),
            "paired_by": paired_by,
            "crop": crop,
            "colour": viewer.notes,
        }
        if json_file:
            _write(json_file, report_json(quality, facts))
        if html:
            write_html(html / "qc.html", quality, facts, viewer)
    finally:
        for clip in clips:
            clip.close()
        for meter in meters:
            meter.close()

    console = Console()
    console.print(quality_table(quality, facts))
    for path in filter(None, (json_file, html and html / "qc.html")):
        console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)


def _write(path: Path, content: bytes) -> None:
    from interneg.publish import replacing

    with replacing(path) as temporary:
        temporary.write_bytes(content)
