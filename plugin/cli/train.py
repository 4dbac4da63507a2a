"""`interneg train`: one of Interneg's models trained on plates of the user's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from interneg.plugin.cli.options import ModelFolder

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from interneg.engines.tuning.tuner import Standing


class _Device(StrEnum):
    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def train(
    clean: Annotated[
        list[str],
        typer.Option("--clean", metavar="PLATES", help="A clean clip, as INPUT of render; may be repeated."),
    ],
    name: Annotated[str, typer.Option(help="What to call the model.")],
    damaged: Annotated[
        list[str] | None,
        typer.Option(
            "--damaged", metavar="PLATES", help="The same clip damaged; one for each --clean, in order."
        ),
    ] = None,
    like: Annotated[
        str | None,
        typer.Option(
            metavar="PLATES", help="A clip whose noise or grain, blur and codec are laid on the clean ones."
        ),
    ] = None,
    blur: Annotated[
        float | None,
        typer.Option(min=0, max=8, help="Blur to lay on, the deviation of a Gaussian in pixels."),
    ] = None,
    noise: Annotated[
        float | None, typer.Option(min=0, max=100, help="White noise to lay on, in code values of 8 bits.")
    ] = None,
    qp: Annotated[
        float | None, typer.Option(min=0, max=51, help="H.264 to go through, at this quantiser; 0 for none.")
    ] = None,
    scale: Annotated[
        int, typer.Option(help="How much the model enlarges, with --clean alone: 1, 2 or 4.")
    ] = 1,
    start: Annotated[
        str, typer.Option(help="The model to begin from: lite, standard, or one trained from these.")
    ] = "lite",
    minutes: Annotated[
        float | None, typer.Option(help="How long to train, at most; by default an hour.")
    ] = None,
    hours: Annotated[float | None, typer.Option(help="The same in hours.")] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of the processor; by default all.")
    ] = None,
    device: Annotated[_Device, typer.Option(help="auto takes a GPU where torch finds one.")] = _Device.AUTO,
    input_space: Annotated[str | None, typer.Option(help="Colour space of all plates.")] = None,
    licence: Annotated[str, typer.Option(help="Its licence, for the model card.")] = "",
    folder: ModelFolder = None,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model of that name.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where a training of that name was stopped.")
    ] = False,
) -> None:
    """Train lite or standard on plates of yours, as a choice of Denoise-SR's knob `model`.

    A fifth of the frames is held out: by some of these the weights are chosen, on the others the model is
    measured beside the one that it began from. It ends when its time is up or nothing is gained. Ctrl-C stops
    it; the same command goes on.
    """
    if minutes is not None and hours is not None:
        from interneg.errors import UsageError

        raise UsageError("give --minutes or --hours, not both")
    from interneg.plugin.tuning.order import TrainingOrder, require_packages

    require_packages()
    from interneg.engines.importing.keeping import is_searched, target_folder, unsearched
    from interneg.engines.tuning.machine import device_of
    from interneg.errors import UsageError
    from interneg.home import expanded
    from interneg.plugin.batch.interrupt import on_interrupt
    from interneg.plugin.tuning.session import train as run

    if scale not in (1, 2, 4):
        raise UsageError(f"--scale {scale}: a model enlarges 1, 2 or 4 times")
    chosen = device_of(device.value, threads)
    place = target_folder(expanded(folder) if folder else None)
    time = 60 * hours if hours is not None else 60.0 if minutes is None else minutes
    order = TrainingOrder(
        tuple(clean), tuple(damaged or ()), name, place, like, blur, noise, qp, start, scale, time,
        input_space, licence, seed, overwrite, restart,
    )  # fmt: skip
    stop = threading.Event()
    with _shown() as shown, on_interrupt(stop.set):
        done = run(order, chosen, shown, stop.is_set)
    if done.entry is None:
        shown.say("stopped; the same command goes on from here")
        raise typer.Exit(130)
    for what, value in done.figures.items():
        shown.say(f"held-out PSNR, {what}: {value:.2f} dB")
    shown.say(f"written: {done.entry}")
    if not is_searched(place):
        shown.say(f"warning: {unsearched(place)}")
    shown.say(f'use it: interneg render "denoise-sr:model={name},scale={done.scale}" INPUT OUTPUT')


class _Shown:
    """A bar with the time left on a terminal, and lines above it; lines alone elsewhere."""

    def __init__(self, console: Console, bar: Progress) -> None:
        self._console, self._bar = console, bar
        self._task = bar.add_task("preparing", total=None)

    def say(self, text: str) -> None:
        """Print a line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def check(self, check: Standing) -> None:
        """Print the figures of the held-out parts."""
        cooling = ", the rate falls to its end" if check.cooling else ""
        gained = check.best - check.before
        self.say(
            f"{check.seconds / 60:.1f} min: held-out parts {check.now:.2f} dB, {gained:+.2f} dB at best; "
            f"{check.left / 60:.1f} min left at most{cooling}"
        )

    def read(self, done: int, total: int) -> None:
        """Move the bar on while plates are read."""
        self._bar.update(self._task, description="reading", completed=done, total=total)

    def tick(self, seconds: float, end: float) -> None:
        """Move the bar on."""
        self._bar.update(self._task, description="training", completed=seconds, total=end)


@contextmanager
def _shown() -> Iterator[_Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield _Shown(console, bar)
