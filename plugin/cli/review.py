"""`interneg review`: a page that shows what was done to a shot."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer


def review(
    input: Annotated[str, typer.Argument(metavar="INPUT", help="The clip before, as for render.")],
    rendered: Annotated[str, typer.Argument(metavar="RENDERED", help="The clip that was rendered from it.")],
    html: Annotated[
        Path, typer.Option("--html", metavar="DIR", help="Write the page to DIR/review.html.")
    ] = Path("review"),
    frames: Annotated[
        str,
        typer.Option(
            metavar="RANGE", help="Frames to look at, as 1001-1100x2; by default all that were rendered."
        ),
    ] = "",
    analysis: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="What `interneg analyse` made of the shot: its exposures and path are drawn, and its "
            "defects are listed.",
        ),
    ] = None,
    defects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A list of defects, to be accepted or rejected on the page and taken back as a file; by "
            "default that of --analysis.",
        ),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A path of stabilise, to be drawn; by default that of --analysis."),
    ] = None,
    exposures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Exposures of deflicker, to be drawn; by default those of --analysis."
        ),
    ] = None,
    megabytes: Annotated[
        float,
        typer.Option(
            metavar="N",
            min=0.1,
            help="About how large the page may become: so many frames are shown in full size.",
        ),
    ] = 15.0,
    input_space: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE", help="Colour space of INPUT, by default the one that it was rendered in."
        ),
    ] = None,
    output_space: Annotated[
        str | None, typer.Option(metavar="SPACE", help="Colour space of RENDERED, likewise.")
    ] = None,
) -> None:
    """Write a page that shows RENDERED beside INPUT: one file that opens offline, in any browser.

    Before and after under a wipe, down to the pixel, frame by frame; mattes (the channels `defects` and
    `synthesis`) over it; level, flicker, noise and difference over time; the most changed frames first; and
    the recipe, its knobs, models and versions, as the frames' own provenance says them.
    """
    from rich.console import Console
    from rich.progress import Progress

    from interneg.colour import Colour
    from interneg.errors import UsageError
    from interneg.io import format_frames, open_clip, parse_frames
    from interneg.io.made_from import frames_of_movie, made_from, seconds_of
    from interneg.nodes import NODES
    from interneg.plugin.pairs import pair_frames
    from interneg.plugin.review.frames import ReviewedClips, with_room
    from interneg.plugin.review.made import made_html, spaces_of
    from interneg.plugin.review.report import (
        defects_of,
        exposure_curve,
        file_in,
        path_curves,
        seconds_curve,
        write_page,
    )
    from interneg.texts import from_latin

    if not math.isfinite(megabytes):
        raise UsageError(f"--megabytes is a number of megabytes, not {megabytes:g}")
    wanted = parse_frames(frames) if frames else None
    if analysis is not None:
        path = path or file_in(analysis, "stabilise")
        defects = defects or file_in(analysis, "scratch-inpaint")
        exposures = exposures or file_in(analysis, "deflicker")
    clips = open_clip(input), open_clip(rendered)
    try:
        both = set(clips[0].numbers) & set(clips[1].numbers)
        if wanted is None and both and not clips[1].is_movie:
            wanted = tuple(sorted(both))
        how, pairs = pair_frames(*clips, wanted, frames_of_movie(Path(rendered)))
        source = clips[1].is_movie
        files = {p.reference if source else p.test: clips[1].path_of(p.test) or Path() for p in pairs}
        made = {number: made_from(file, number) for number, file in files.items()}
        took = [seconds_of(file, number) for number, file in files.items()]
        spaces = spaces_of(made)
        looked = ReviewedClips(*clips, Colour(), (input_space or spaces[0], output_space or spaces[1]))
        console = Console(stderr=True)
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("looking", total=len(pairs))
            found, small = [], {}
            for pair in pairs:
                figures, shown = looked.figures(pair)
                found.append(figures)
                small[figures.number] = shown
                bar.advance(task)
            pictures = with_room(looked, found, small, int(megabytes * 1e6))
        numbers = [f.number for f in found]
        listed = None if defects is None else defects_of(defects, numbers, looked.offset)
        curves = "" if exposures is None else exposure_curve(exposures, numbers)
        curves += "" if path is None else path_curves(path, numbers)
        curves += seconds_curve(numbers, took)
        facts = {
            "Before": from_latin(input),
            "After": from_latin(rendered),
            "Frames": f"{format_frames(numbers)}, paired by {how}; {looked.size[0]}x{looked.size[1]}",
        }
        if not frames and (lost := sorted({*clips[0].numbers} - {*numbers})):
            facts["Not rendered"] = format_frames(lost)
        page = html / "review.html"
        write_page(
            page, from_latin(Path(rendered).name), facts, found, pictures, looked.size, looked.enlarged,
            made_html(made, NODES), curves, listed, float(clips[0].rate or clips[1].rate or 24),
        )  # fmt: skip
    finally:
        for clip in clips:
            clip.close()
    print(f"written: {page} ({page.stat().st_size / 1e6:.1f} MB)")
