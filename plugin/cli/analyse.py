"""`interneg analyse`: the path of a shot as a file, to be read, edited and used again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer


def analyse(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help='A recipe with stabilise in it: a file, or "stabilise".')
    ],
    input: Annotated[str, typer.Argument(metavar="INPUT", help="The clip, as for render.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The path file to write, as path.json.")],
    frames: Annotated[
        str | None, typer.Option(metavar="RANGE", help="Frames to measure, as 1001-1100.")
    ] = None,
    nuke: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the corrections for Nuke, too, to be pasted."),
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
    """Measure the path of INPUT as stabilise sees it, and write it to FILE.

    FILE is JSON: for each frame its motion since the one before, and the correction, which the knob `path` of
    stabilise makes it follow. Both are dx and dy in pixels, y downwards, rotation in degrees, clockwise as
    seen, and scale, about the middle of the picture. Where the recipe has warp, it is in FILE, too.
    """
    from interneg.colour import Colour
    from interneg.engines.source import Engines
    from interneg.errors import OutputError
    from interneg.plugin.batch.analyse import analyse as run
    from interneg.plugin.batch.job import Job
    from interneg.plugin.batch.progress import shown
    from interneg.plugin.cli.recipes import changed, recipe_of
    from interneg.publish import replacing

    there = [path for path in (file, nuke) if path is not None and path.exists()]
    if there and not overwrite:
        raise OutputError(f"{there[0]} exists; choose another name, or replace it with --overwrite")
    read = changed(recipe_of(recipe), settings or (), input_space=input_space)
    job = Job(read, input, "", frames=frames, missing=missing, cuts=None if cuts is None else str(cuts))
    with shown() as progress:
        path = run(job, Colour(), Engines(), progress)
        for target, content in ((file, path.json), (nuke, path.nuke)):
            if target is not None:
                with replacing(target) as temporary:
                    temporary.write_text(content, encoding="utf-8")
                progress.status(f"written: {target}")
