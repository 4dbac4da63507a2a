"""`interneg models`: the models that there are, their cards, their removal, and two of them compared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from interneg.engines.models import Catalogue


def models(
    name: Annotated[str | None, typer.Argument(help="The model to show; without it, all are listed.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove this imported model.")] = False,
    compare: Annotated[
        str | None,
        typer.Option(metavar="OTHER", help="Compare with this model, or lite or standard; needs --on."),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="PLATE", help="The clip to compare on, as INPUT of render.")
    ] = None,
    frame: Annotated[int | None, typer.Option(help="Its frame; by default the first.")] = None,
    scale: Annotated[int, typer.Option(help="How many times larger: 1, 2 or 4.")] = 1,
    noise: Annotated[str, typer.Option(help="The knob noise of Denoise-SR.")] = "auto",
    reference: Annotated[
        str | None,
        typer.Option(metavar="CLIP", help="The plate as it should be, at the size of the result, for PSNR."),
    ] = None,
    sheet: Annotated[Path, typer.Option(metavar="FILE", help="The sheet of places at 1:1.")] = Path(
        "compare.png"
    ),
    input_space: Annotated[str | None, typer.Option(help="Colour space of PLATE.")] = None,
) -> None:
    """List the models, show the card of one, remove it, or compare it with another on a plate of yours."""
    from interneg.engines.models import find, load_catalogue
    from interneg.errors import UsageError
    from interneg.plugin.models import shelf

    known = load_catalogue()
    if on is not None and compare is None:
        raise UsageError("--on is the plate of a comparison: interneg models NAME --compare OTHER --on PLATE")
    if remove and compare is not None:
        raise UsageError("give --remove or --compare, not both")
    if compare is not None:
        if name is None or on is None:
            raise UsageError(
                "--compare needs a model and a plate: interneg models NAME --compare OTHER --on PLATE"
            )
        spaces = (on, input_space)
        _compare(known, (name, compare), spaces, frame, {"scale": scale, "noise": noise}, reference, sheet)
    elif remove:
        if name is None:
            raise UsageError("--remove needs the name of a model: interneg models NAME --remove")
        for path in shelf.remove(known, name):
            print(f"removed: {path}")
    elif name is not None:
        print(shelf.card_of(find(known, shelf.full_name(name))), end="")
    else:
        _list(known)


def _list(known: Catalogue) -> None:
    from rich.console import Console
    from rich.table import Table

    from interneg.plugin.models import shelf

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    for column in ("task", "scale", "family", "MB", "licence"):
        table.add_column(column, overflow="fold")
    folders: dict[Path, list[str]] = {}
    for model in known.values():
        files = shelf.files_of(model)
        size = sum(path.stat().st_size for path in files) / 1e6
        table.add_row(model.name, model.task, f"{model.scale}x", model.family, f"{size:.1f}", model.licence)
        if shelf.is_imported(model):
            folders.setdefault(files[0].parent, []).append(model.name)
    console = Console()
    console.print(table)
    for sentence in known.unusable.values():
        Console(stderr=True).print(f"warning: {sentence}", markup=False, highlight=False, soft_wrap=True)
    for folder, names in folders.items():
        console.print(f"{folder}: {', '.join(names)}", markup=False, highlight=False, soft_wrap=True)


def _compare(
    known: Catalogue, names: tuple[str, str], plate: tuple[str, str | None], frame: int | None,
    knobs: Mapping[str, object], reference: str | None, file: Path,
) -> None:  # fmt: skip
    from contextlib import ExitStack, closing

    from rich.console import Console
    from rich.table import Table

    from interneg.colour import Colour
    from interneg.engines.source import Engines
    from interneg.errors import InputError, OutputError
    from interneg.io import open_clip
    from interneg.nodes import NODES
    from interneg.plugin.batch.source import ClipSource
    from interneg.plugin.facts.own_names import require_known
    from interneg.plugin.models.contest import compete, sheet
    from interneg.plugin.screen import png
    from interneg.publish import write_whole

    nodes = [NODES["denoise-sr"].with_knobs({**knobs, "model": name}) for name in names]
    require_known(nodes, known.choices)
    path, space = plate
    with ExitStack() as opened:
        clip = opened.enter_context(closing(open_clip(path)))
        number = clip.numbers[0] if frame is None else frame
        if number not in clip.numbers:
            raise InputError(f"{path} has no frame {number}: it has {clip.numbers[0]} to {clip.numbers[-1]}")
        colour = Colour()
        source = ClipSource(clip, path, [number], colour=colour, space=space)
        wanted = None
        if reference is not None:
            other = opened.enter_context(closing(open_clip(reference)))
            at = number if number in other.numbers else other.numbers[0]
            wanted = ClipSource(other, reference, [at], colour=colour, space=space).frame(at)
        plain, made = compete(nodes, source, number, colour, Engines(), wanted)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("model", "seconds", "from its input", "fine detail", "PSNR-Y", "SSIM-Y"):
        table.add_column(column)
    for one in made:
        figures = ["" if v is None else f"{v:.{n}f}" for v, n in ((one.psnr, 2), (one.ssim, 4))]
        table.add_row(
            one.name, f"{one.seconds:.2f}", f"{one.apart:.2f} codes", f"{one.detail:.2f} x", *figures
        )
    console = Console()
    console.print(table)
    try:
        write_whole(file, png(sheet(plain, made)))
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}") from error
    console.print(f"written: {file}", markup=False, highlight=False, soft_wrap=True)
