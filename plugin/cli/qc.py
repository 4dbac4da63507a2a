"""`interneg qc`: compare a clip with its reference, figure by figure and frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from interneg.plugin.cli.qc_measure import Quality


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
) -> None:
    """Compare TEST with REFERENCE: PSNR-Y, SSIM-Y, FLIP, flicker, E_warp, blockiness, overshoot.

    Frames go together by number, or by order where the numbers have nothing in common. Integer pictures are
    compared as they are stored, float pictures after conversion to a display encoding.
    """
    # Here and not above: the command line must start without loading image libraries.
    from rich.console import Console
    from rich.progress import Progress

    from interneg.io import open_clip, parse_frames
    from interneg.plugin.cli.qc_measure import Viewer, measure, pair_frames
    from interneg.plugin.cli.qc_report import report_json, write_html

    wanted = parse_frames(frames) if frames else None
    clips = open_clip(reference), open_clip(test)
    try:
        paired_by, pairs = pair_frames(*clips, wanted)
        viewer = Viewer(*clips, crop)
        progress = Console(stderr=True)
        with Progress(console=progress, disable=not progress.is_terminal, transient=True) as bar:
            task = bar.add_task("comparing", total=len(pairs))
            quality = measure(viewer, pairs, lambda: bar.advance(task))
        facts: dict[str, Any] = {
            "reference": reference,
            "test": test,
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

    console = Console()
    console.print(_table(quality, facts))
    for path in filter(None, (json_file, html and html / "qc.html")):
        console.print(f"written: {path}", markup=False, highlight=False, soft_wrap=True)


def _write(path: Path, content: bytes) -> None:
    from interneg.publish import replacing

    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _table(quality: Quality, facts: dict[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from interneg.plugin.cli.qc_measure import MEASURES
    from interneg.plugin.cli.qc_report import number

    width, height = quality.size
    lines = [
        f"{facts['test']} against {facts['reference']}",
        f"{len(quality.frames)} frames of {width}x{height}, paired by {facts['paired_by']}",
        *(f"{who}: {note}" for who, note in facts["colour"].items()),
    ]
    table = Table(title=Text("\n".join(lines)), title_justify="left", title_style="")
    table.add_column("figure")
    for heading in ("mean", "worst", "frame", "reference"):
        table.add_column(heading, justify="right")
    for m in MEASURES:
        mean, worst, frame = quality.summary(m.name, m.low_is_bad)
        own = number(quality.summary(m.reference).mean) if m.reference else ""
        table.add_row(m.label, number(mean), number(worst), "–" if frame is None else str(frame), own)
    return table
