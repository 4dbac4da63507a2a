"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NODE.KNOB=VALUE",
        help="Change a knob of every node of that name in the recipe; may be repeated.",
    ),
]
InputSpace = Annotated[
    str | None,
    typer.Option(
        metavar="SPACE", help="Colour space of the input, where the files name none or a wrong one."
    ),
]
OutputSpace = Annotated[
    str | None, typer.Option(metavar="SPACE", help="Colour space of the output; by default the input's.")
]
Depth = Annotated[
    Literal["uint8", "uint10", "uint12", "uint16", "half", "float"] | None,
    typer.Option(
        help="How samples are stored, by default as in the input; an error where the format cannot "
        "(.mov is always uint10). In EXR it holds for colour and alpha, and other layers keep their own."
    ),
]
Missing = Annotated[
    Literal["error", "hold", "skip"],
    typer.Option(
        help="Missing or damaged frames within the clip: stop (exit 3), hold the frame before, or leave "
        "them out. Frames beyond the clip's ends are always an error."
    ),
]
MaskClip = Annotated[
    str | None,
    typer.Option(
        metavar="CLIP",
        help="Where and how much to treat: a clip like the input, or one image, of the same size. Its "
        "alpha is used, or its first channel where it has none: 0 leaves a pixel as it is, 1 treats it "
        "fully. In a recipe file, a relative path starts at the recipe's folder.",
    ),
]
MatteClip = Annotated[
    str | None,
    typer.Option(
        metavar="CLIP",
        help="What another tool takes for damage, for scratch-inpaint: a clip like the input, or one "
        "image, of the same size. The knob matte says whether it adds, replaces or protects. In a recipe "
        "file, a relative path starts at the recipe's folder.",
    ),
]
ReferenceClip = Annotated[
    str | None,
    typer.Option(
        metavar="CLIP",
        help="A reference plate, for grain-match: the plate whose grain is restored or matched; a clip "
        "like the input, or one image. In a recipe file, a relative path starts at the recipe's folder.",
    ),
]
Cuts = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where shots begin: a file of frame numbers, an EDL, or a timeline (.otio, .aaf, .fcpxml, "
        ".xml); by default cuts are detected.",
    ),
]
ModelFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where to keep it; by default the first folder in $INTERNEG_MODELS, or else the user's own.",
    ),
]
