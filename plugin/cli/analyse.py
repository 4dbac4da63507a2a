"""`interneg analyse`: what was found in a shot as a file, to be read, edited and used again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def analyse(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe with stabilise, scratch-inpaint or grain-match in it: a file, or a line such as "
            '"stabilise".',
        ),
    ],
    input: Annotated[str, typer.Argument(metavar="INPUT", help="The clip, as for render.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, as path.json.")],
    frames: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Frames to measure, as 1001-1100.")
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which node's file to write: stabilise, scratch-inpaint or grain-match; by default that of "
            "the one that comes first in the recipe.",
        ),
    ] = None,
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
            help="Draw the grain profile, response and spectrum, there: a .png or a .svg.",
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
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NODE.KNOB=VALUE", help="Change a knob; may be repeated."),
    ] = None,
    input_space: Annotated[
        str | None, typer.Option(metavar="SPACE", help="Colour space of the input, as for render.")
    ] = None,
    missing: Annotated[
        Literal["error", "hold", "skip"], typer.Option(help="Missing or damaged frames, as for render.")
    ] = "error",
    cuts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="First frames of the shots, as for render.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there, edited or not.")
    ] = False,
) -> None:
    """Find out what a node of RECIPE makes of INPUT, and write it to FILE, which a knob of the node takes.

    stabilise: the path. For each frame its motion since the one before, and the correction, which the knob
    `path` makes it follow. Both are dx and dy in pixels, y downwards, rotation in degrees, clockwise as seen,
    and scale, about the middle of the picture. Where the recipe has warp, it is in FILE, too.

    scratch-inpaint: the defects. Each piece of dirt by frame and place, and each scratch followed over the
    shot, with "use", to be set to false where it is none. The knob `defects_list` repairs what is in use, and
    nothing else. How many there are, and the frames with the most damage, are shown.

    grain-match: the grain. How strong it is at each level, how coarse, how alike in R, G and B, as a
    profile, NAME.grain.toml, which the knob `profile` takes for this plate or another. Say how wide the film
    is that the picture shows with --set grain-match.gate=MM.

    FILE is JSON, or TOML for grain. The nodes before that one are applied first.
    """
    from interneg.colour import Colour
    from interneg.defects.shot_list import ShotDefects
    from interneg.engines.source import Engines
    from interneg.errors import OutputError, UsageError
    from interneg.grain.av1 import Encode, table_text
    from interneg.grain.found import video_space
    from interneg.grain.shot import ShotGrain
    from interneg.motion.measured_path import MeasuredPath
    from interneg.nodes import NODES
    from interneg.plugin.batch.analyse import analyse as run
    from interneg.plugin.batch.analyse import asked
    from interneg.plugin.batch.grain_plot import kind_of
    from interneg.plugin.batch.grain_plot import plot as drawn
    from interneg.plugin.batch.job import Job
    from interneg.plugin.batch.nuke_transform import nuke as for_nuke
    from interneg.plugin.batch.progress import shown
    from interneg.plugin.cli.recipes import changed, recipe_of
    from interneg.publish import replacing

    full = pictures is not None and pictures.exists() and any(pictures.iterdir())
    there = [path for path in (file, nuke, plot, av1) if path is not None and path.exists()] + [
        pictures
    ] * full
    if there and not overwrite:
        raise OutputError(f"{there[0]} exists; choose another name, or replace it with --overwrite")
    read = changed(recipe_of(recipe), settings or (), input_space=input_space)
    job = Job(read, input, "", frames=frames, missing=missing, cuts=None if cuts is None else str(cuts))
    kind = read.nodes[asked(read.nodes, NODES, node)].analysis
    if nuke is not None and kind is not MeasuredPath:
        raise UsageError("--nuke takes the path of stabilise, and this is none; leave it out")
    if pictures is not None and kind is not ShotDefects:
        raise UsageError("--pictures shows what scratch-inpaint found, and this is none of it; leave it out")
    if (plot is not None or av1 is not None) and kind is not ShotGrain:
        option = "--plot" if plot is not None else "--av1"
        raise UsageError(f"{option} shows the grain that grain-match found, and this is none; leave it out")
    drawing = None if plot is None else kind_of(plot)
    with shown() as progress:
        colour = Colour()
        found = run(job, NODES, colour, Engines(), progress, node, pictures is not None)
        made = found.analysis
        if isinstance(made, ShotGrain):
            made.called(file.name.removesuffix(".toml").removesuffix(".grain"))
        files = {file: made.text.encode()}
        files |= {file.with_suffix(ending): content for ending, content in made.beside.items()}
        if nuke is not None and isinstance(made, MeasuredPath):
            first = made.first
            path = for_nuke(first.data, first.display, made.corrections, first.aspect)
            files[nuke] = path.encode()
        if plot is not None and drawing is not None and isinstance(made, ShotGrain):
            files[plot] = drawn(made.profile, drawing)
        if av1 is not None and isinstance(made, ShotGrain):
            grain = made.profile
            encode = Encode(colour, video_space(colour, found.space))
            files[av1] = table_text(grain, grain.pitch, encode, 24).encode()
        if pictures is not None:
            files |= {pictures / f"defects.{number:04d}.png": png for number, png in found.pictures.items()}
        for target, content in files.items():
            with replacing(target) as temporary:
                temporary.write_bytes(content)
        for sentence in made.report:
            progress.status(sentence)
        for target in files:
            progress.status(f"written: {target}")
