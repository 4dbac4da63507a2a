"""`interneg analyse`: what was found in a shot as a file, to be read, edited and used again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interneg.plugin.batch.interrupt import leaving_at_once
from interneg.plugin.cli.options import (
    Cuts,
    InputSpace,
    MaskClip,
    MatteClip,
    Missing,
    ReferenceClip,
    Settings,
)


@leaving_at_once()
def analyse(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe with stabilise, deflicker, scratch-inpaint or grain-match in it: a file, or a "
            'line of nodes, as "stabilise" or "stabilise | deflicker".',
        ),
    ],
    input: Annotated[str, typer.Argument(metavar="INPUT", help="The clip, as for render.")],
    analysis: Annotated[
        Path,
        typer.Argument(
            metavar="ANALYSIS",
            help="A folder, as shot.analysis, which is made or gone on with: all nodes of the recipe. Or a "
            "file, as path.json or plate.grain.toml: one node.",
        ),
    ],
    frames: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Frames to measure, as 1001-1100.")
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Only this node: stabilise, scratch-inpaint, ...; a second one of a kind is stabilise-2. By "
            "default all for a folder, and for a file the one that comes first in the recipe.",
        ),
    ] = None,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure",
            help="With a folder: measure, and solve nothing yet. So chunks of a shot can be measured on many "
            "machines, each with its --frames; the same without this option then solves the whole.",
        ),
    ] = False,
    nuke: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the corrections of stabilise for Nuke, too, to be pasted."),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write the frames with the most damage there, as defects.NUMBER.png: what scratch-inpaint "
            "found is drawn in, with its numbers in FILE.",
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw there, a .png or a .svg: of a folder the curves of each node, before and after; "
            "of grain its response and spectrum.",
        ),
    ] = None,
    av1: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the grain as a table of AV1 film grain, NAME.tbl, too, for an encode of the clip at "
            "its own size with the grain removed, as libaom's --film-grain-table takes it.",
        ),
    ] = None,
    settings: Settings = None,
    input_space: InputSpace = None,
    mask: MaskClip = None,
    matte: MatteClip = None,
    reference: ReferenceClip = None,
    runtime: Annotated[str, typer.Option(metavar="NAME", help="For networks, as for render.")] = "auto",
    precision: Annotated[str, typer.Option(metavar="NAME", help="For networks, as for render.")] = "auto",
    missing: Missing = "error",
    cuts: Cuts = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite",
            help="Replace files that are there: FILE, and those of --plot, --nuke, --pictures and --av1.",
        ),
    ] = False,
    discard: Annotated[
        bool,
        typer.Option(
            "--discard-changes", help="With a folder: give up what was changed by hand in its files of nodes."
        ),
    ] = False,
) -> None:
    """Look at all of INPUT first, so that each frame is treated as its whole shot needs it.

    A folder: stabilise, deflicker, scratch-inpaint and grain-match are solved, those of them that RECIPE has,
    one after the other in its order, each on what the nodes before it make of the clip.
    `interneg render ... --analysis ANALYSIS` follows it. Measuring goes on where it stopped, and frames that
    changed are measured again. In the folder is a file for each node, to be read and edited, and
    analysis.json, in which "cuts" may be edited before analysing again, and "events": which frames are events
    that deflicker leaves, or are none.

    A file: that of one node, which one of its knobs takes.

    stabilise: the path. For each frame its motion since the one before, and the correction, which the knob
    `path` makes it follow. Both are dx and dy in pixels, y downwards, rotation in degrees, clockwise as seen,
    and scale, about the middle of the picture. Where the recipe has warp, it is in the file, too. With
    "use" set to false a frame is not moved.

    deflicker: the exposures. For each frame its exposure, in stops, and slope since the one before, and the
    correction, which the knob `exposures` makes it follow; with "use" set to false a frame stays as it is.
    The fields of the picture stand beside the file, with the ending .npz.

    scratch-inpaint: the defects. Each piece of dirt by frame and place, and each scratch followed over the
    shot, with "use", to be set to false where it is none. The knob `defects_list` repairs what is in use, and
    nothing else. How many there are, and the frames with the most damage, are shown.

    grain-match: the grain. How strong it is at each level, how coarse, how alike in R, G and B, as a
    profile, NAME.grain.toml, which the knob `profile` takes for this plate or another. Say how wide the film
    is that the picture shows with --set grain-match.gate=MM.

    --mask, --matte and --reference are for the nodes before: what is measured is the whole picture.

    Files are JSON, or TOML for grain. Exit codes are those of render.
    """
    from interneg.engines.source import Engines
    from interneg.errors import UsageError
    from interneg.plugin.batch.job import Job
    from interneg.plugin.cli.analysed import Further, to_file, to_folder
    from interneg.plugin.cli.recipes import changed, recipe_of

    given = (("mask", mask), ("matte", matte), ("reference", reference))
    inputs = {name: clip for name, clip in given if clip is not None}
    read = changed(recipe_of(recipe), settings or (), input_space=input_space, inputs=inputs)
    job = Job(read, input, "", frames=frames, missing=missing, cuts=None if cuts is None else str(cuts))
    further, engines = Further(nuke, pictures, plot, av1), Engines(runtime, precision)
    if analysis.suffix.casefold() in (".json", ".toml") and not analysis.is_dir():
        if measure:
            raise UsageError(f"--measure needs a folder to keep what is measured, and {analysis} is a file")
        if discard:
            raise UsageError(f"--discard-changes goes with a folder; to replace {analysis}, use --overwrite")
        to_file(job, analysis, further, engines, node, overwrite)
    else:
        to_folder(job, analysis, further, engines, node, measure, overwrite, discard)
