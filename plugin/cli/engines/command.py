"""The command and its options."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from interneg.errors import EngineError, UsageError
from interneg.home import expanded


def build_engines(
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Models, or patterns such as 'denoise-sr-lite-*'; by default all."
        ),
    ] = None,
    precisions: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Out of fp32, fp16, int8; by default fp16,int8.")
    ] = None,
    profiles: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Largest tile: proxy (960x540), hd (1920x1080, by default), uhd (3840x2160), film4k "
            "(4096x3112). Larger pictures are cut into tiles, so hd does for all; a larger one is faster and "
            "takes more memory.",
        ),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="current (the GPU here), portable (any of compute capability 8.0 and later), sm75, sm80, "
            "sm86, sm89, sm120, sm121; by default current where there is a GPU, else portable.",
        ),
    ] = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="tensorrt, or tensorrt-rtx (builds without a GPU); by default the one that builds here.",
        ),
    ] = None,
    library: Annotated[str | None, typer.Option(hidden=True, help="--runtime, as 0.1 called it.")] = None,
    fleet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Build what a fleet file wants; it names models, GPUs and the rest."
        ),
    ] = None,
    submit: Annotated[
        Literal["openjd", "opencue", "deadline"] | None,
        typer.Option(
            metavar="MANAGER",
            help="Send the builds of --fleet to a farm: openjd, opencue or deadline, as `interneg submit`.",
        ),
    ] = None,
    dest: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --submit: only write the job to DIR, and send nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be built, or pruned, and do nothing.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Build what the store already has, too.")] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Builds at once; by default as many as cores and memory allow.")
    ] = None,
    workspace: Annotated[
        int | None,
        typer.Option(min=1, metavar="MIB", help="GPU memory that kernels may use while they are chosen."),
    ] = None,
    version_compatible: Annotated[
        bool,
        typer.Option("--version-compatible", help="Engines for all versions of one major (TensorRT only)."),
    ] = False,
    store: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The store; by default the first in $INTERNEG_ENGINES.")
    ] = None,
    catalogue: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="A folder of further models, beside those in $INTERNEG_MODELS, which render reads, too; "
            "may be repeated.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the engines in the store.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every engine in the store and name what is not in order.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option(
            "--prune", help="Remove stale and broken engines and what was left over; --dry-run shows which."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for tools.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Build TensorRT engines of the catalogue's models, qualify them, and put them into the store.

    Artists and the farm find engines in the folders of $INTERNEG_ENGINES. What the store has is not built
    again. An engine that can run here is qualified against the fp32 reference before it is published, any
    other on its first use.

    Exit codes: 0 all are there that can be built here, 2 usage, 5 an engine could not be built or (--verify)
    is not in order, 6 the store cannot be written, 33 out of memory, 130 interrupted.
    """
    from interneg.engines.fleet import plan, read
    from interneg.engines.models import load_catalogue
    from interneg.engines.store import Store
    from interneg.plugin.cli.engines.builds import run_builds
    from interneg.plugin.cli.engines.farm import submit_fleet
    from interneg.plugin.cli.engines.plan import asked_for, show_plan
    from interneg.plugin.cli.engines.store import look_after

    if runtime is not None and library is not None:
        raise UsageError("--library is the old name of --runtime: leave it out")
    runtime = runtime if library is None else library
    named = {
        "--models": models, "--precisions": precisions, "--profiles": profiles, "--targets": targets,
        "--runtime": runtime,
    }  # fmt: skip
    modes = {"--list": show, "--verify": verify, "--prune": prune, "--fleet": fleet is not None}
    looks = show or verify or prune
    makes = {
        "--jobs": jobs is not None, "--workspace": workspace is not None, "--force": force,
        "--version-compatible": version_compatible, "--dry-run": dry_run and not prune,
    }  # fmt: skip
    _alone(
        [m for m, on in modes.items() if on],
        [n for n, value in named.items() if value is not None],
        [n for n, on in makes.items() if on and looks],
    )
    there = Store() if store is None else Store([store], "--store")
    for option, named_folders in (
        ("--store", there.folders if store is not None and looks else ()),
        ("--catalogue", [expanded(p) for p in catalogue or ()]),
    ):
        for folder in named_folders:
            if not folder.is_dir():
                raise UsageError(f"{option}: the folder {folder} does not exist")
    if submit is not None or dest is not None:
        if fleet is None or submit is None:
            raise UsageError("--submit goes with --fleet, and --dest with both: name the fleet file")
        submit_fleet(submit, fleet, store, dest, dry_run)
        return
    known = load_catalogue(catalogue or ())
    if looks:
        look_after(there, known, verify, prune, dry_run, as_json)
        return
    if fleet is not None:
        engines, lacking = plan(read(fleet), known, version_compatible, workspace)
    else:
        engines, lacking = asked_for(known, named, version_compatible, workspace)
    if lacking:
        lack = f"no int8 engines of {', '.join(lacking)}: no int8 weights of them in the catalogue"
        if not engines:
            raise EngineError(f"nothing to build: {lack}")
        print(lack, file=sys.stderr)
    if dry_run:
        show_plan(engines, there, force, as_json)
        return
    facts: list[dict[str, Any]] = []
    try:
        code = run_builds(engines, there, jobs, force, as_json, facts)
    finally:
        if as_json:  # what was done before an error, too
            print(json.dumps(facts, indent=2))
    if code:
        raise typer.Exit(code)


def main() -> None:
    """Run build_engines.py and exit."""
    from interneg.plugin.cli.main import OneCommand, run

    # As Ctrl-C: what is being built is given up, and no process stays behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")
    app.command(cls=OneCommand)(build_engines)
    run(app)


def _alone(modes: Sequence[str], named: Sequence[str], makes: Sequence[str]) -> None:
    """Refuse options that would be ignored."""
    if len(modes) > 1:
        raise UsageError(f"{' and '.join(modes)} are one at a time")
    if modes == ["--fleet"] and named:
        raise UsageError(f"the fleet file says what to build: leave out {', '.join(named)}, or --fleet")
    if makes:
        raise UsageError(f"{modes[0]} builds nothing: leave out {', '.join(makes)}")
    if modes and named:
        raise UsageError(f"{modes[0]} looks at the whole store: leave out {', '.join(named)}")
