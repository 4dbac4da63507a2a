"""The `interneg` command: its sub-commands, and how what goes wrong becomes one line and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

import interneg
from interneg.errors import HostMemoryError, InternegError, UsageError
from interneg.plugin.batch.progress import silence
from interneg.plugin.cli.analyse import analyse
from interneg.plugin.cli.doctor import doctor
from interneg.plugin.cli.import_model import import_model
from interneg.plugin.cli.install import install
from interneg.plugin.cli.models import models
from interneg.plugin.cli.nodes import nodes
from interneg.plugin.cli.qc import qc
from interneg.plugin.cli.render import render
from interneg.plugin.cli.review import review
from interneg.plugin.cli.submit import submit
from interneg.plugin.cli.train import train
from interneg.plugin.cli.worker import worker
from interneg.plugin.machine.streams import print_anything

# Sub-commands import what is heavy inside their functions, so that the command starts at once.

INTERRUPTED = 130


def guarded(invoke: Callable[[], Any], debug: bool) -> Any:
    """Run a command and turn its exceptions into one line and an exit code."""
    try:
        return invoke()
    except KeyboardInterrupt:
        raise _failed("interrupted; every frame and file that was written is whole", INTERRUPTED) from None
    except MemoryError as error:
        message = f"out of memory ({error})" if str(error) else "out of memory"
        raise _failed(
            f"{message}; use a machine with more, or fewer --jobs", HostMemoryError.exit_code
        ) from None
    except InternegError as error:
        if debug:
            traceback.print_exc()
        raise _failed(str(error), error.exit_code) from None
    except Exception as error:
        if isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "exit_code"):
            raise
        if debug:
            traceback.print_exc()
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            name = str(error.filename)
            raise _failed(
                f"'{name[:60]}...' is no name of a file: it has {len(name)} characters", UsageError.exit_code
            ) from None
        message = f"unexpected {type(error).__name__}: {error}; the option --debug shows where"
        raise _failed(message, 1) from None


class _Commands(TyperGroup):
    """The sub-commands of `interneg`."""

    def invoke(self, ctx: Any) -> Any:
        return guarded(lambda: super(_Commands, self).invoke(ctx), ctx.params.get("debug", False))


class OneCommand(TyperCommand):
    """A command of its own, such as build_engines.py."""

    def invoke(self, ctx: Any) -> Any:
        """Run it; what it raises becomes a message and an exit code."""
        return guarded(lambda: super(OneCommand, self).invoke(ctx), ctx.params.get("debug", False))


app = typer.Typer(
    cls=_Commands,
    help="Restoration nodes for compositors.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # which fills paragraphs anew
)
app.command()(render)
app.command()(nodes)
app.command()(analyse)
app.command()(qc)
app.command()(review)
app.command()(submit)
app.command(name="import-model")(import_model)
app.command()(models)
app.command()(train)
app.command()(doctor)
app.command()(worker)
app.command()(install)


def _version(asked: bool) -> None:
    if asked:
        print(f"interneg {interneg.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Take the options that stand before the sub-command."""


def main() -> None:
    """Run `interneg` and exit."""
    run(app)


def run(app: typer.Typer) -> None:
    """Run a command line and exit."""
    print_anything()
    if hasattr(signal, "SIGPIPE"):
        # As every Unix tool: `interneg nodes | head -1` ends quietly.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            # A frame may still be inside a network, which nothing can call off, and leaving the ordinary way
            # would wait for it. All that is written is finished and closed.
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise


def _failed(message: str, code: int) -> typer.Exit:
    try:
        print(f"interneg: {message}", file=sys.stderr)
    except BrokenPipeError:
        silence(sys.stderr)
    return typer.Exit(code)
