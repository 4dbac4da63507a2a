"""`build_engines.py`: TensorRT engines for the GPUs of a facility, into the store; and the store's upkeep."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interneg.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interneg.engines.build import Library
    from interneg.engines.factory import Outcome
    from interneg.engines.fleet import Line, Plan
    from interneg.engines.models import Model
    from interneg.engines.store import EngineKey, Entry, Record, Store


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
    library: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="tensorrt, or tensorrt-rtx (builds without a GPU); by default the one that builds here.",
        ),
    ] = None,
    fleet: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Build what a fleet file wants; it names models, GPUs and the rest."
        ),
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

    named = {
        "--models": models, "--precisions": precisions, "--profiles": profiles, "--targets": targets,
        "--library": library,
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
        ("--catalogue", [p.expanduser() for p in catalogue or ()]),
    ):
        for folder in named_folders:
            if not folder.is_dir():
                raise UsageError(f"{option}: the folder {folder} does not exist")
    known = load_catalogue(catalogue or ())
    if looks:
        _upkeep(there, known, verify, prune, dry_run, as_json)
        return
    if fleet is not None:
        lines, lacking = plan(read(fleet), known, version_compatible, workspace)
    else:
        lines, lacking = _plan(known, named, version_compatible, workspace)
    if lacking:
        said = f"no int8 engines of {', '.join(lacking)}: no int8 weights of them in the catalogue"
        if not lines:
            raise EngineError(f"nothing to build: {said}")
        print(said, file=sys.stderr)
    if dry_run:
        _show_plan(lines, there, force, as_json)
        return
    facts: list[dict[str, Any]] = []
    try:
        code = _build(lines, there, jobs, force, as_json, facts)
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


def _words(text: str) -> list[str]:
    return [w.strip() for w in text.split(",") if w.strip()]


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


def _plan(
    known: Mapping[str, Model],
    named: Mapping[str, str | None],
    version_compatible: bool,
    workspace: int | None,
) -> Plan:
    """What the options ask for."""
    from interneg.engines import build
    from interneg.engines.fleet import (
        DEFAULT_PRECISIONS,
        DEFAULT_PROFILES,
        Line,
        Plan,
        chosen,
        chosen_models,
        chosen_precisions,
    )

    def words(option: str, default: Sequence[str]) -> Sequence[str]:
        text = named[option]
        return default if text is None else _words(text)

    models = chosen_models(words("--models", ("*",)), known)
    precisions = chosen_precisions(words("--precisions", DEFAULT_PRECISIONS))
    profiles = [
        build.PROFILES[p] for p in chosen(words("--profiles", DEFAULT_PROFILES), build.PROFILES, "profile")
    ]
    library = _library(named["--library"], named["--targets"])
    found = build.orders(
        models,
        precisions,
        list(dict.fromkeys(profiles)),
        library,
        _targets(library, named["--targets"]),
        version_compatible,
        workspace,
    )
    return Plan([Line(order) for order in found], build.lacking(models, precisions))


def _library(name: str | None, targets: str | None) -> Library:
    """The library that was asked for, or the one that builds here."""
    from interneg.engines import gpus
    from interneg.engines.build import LIBRARIES
    from interneg.engines.fleet import chosen_library

    if name is not None:
        found = chosen_library(name)
        if reason := found.missing():
            raise EngineError(f"{found.name}: {reason}")
        return found
    full, rtx = LIBRARIES["tensorrt"], LIBRARIES["tensorrt-rtx"]
    here = gpus.here() and targets in (None, "current")
    for candidate in (full, rtx) if here else (rtx,):
        if candidate.missing() is None:
            return candidate
    raise EngineError(
        f"nothing here builds engines: {rtx.missing()} (no GPU is needed for that)"
        + (f"; or {full.missing()}" if here else "")
    )


def _targets(library: Library, text: str | None) -> list[str]:
    from interneg.engines import build, gpus

    # TensorRT builds for the one GPU that CUDA calls the first, TensorRT for RTX for any.
    here = gpus.here() if library.targets else [gpu for gpu in (gpus.current(),) if gpu is not None]
    own = {build.target_of(library, gpu): build.target_note(library, gpu) for gpu in here}
    words = _words(text) if text is not None else ["current" if here else build.PORTABLE]
    found = []
    for word in words:
        if word in own:  # the command that a message gave
            found.append(word)
        elif word != "current":
            found.append(build.check_target(library, word))
        elif here:
            found += own
            for note in filter(None, own.values()):
                print(note, file=sys.stderr)
        else:
            raise UsageError("there is no GPU here to build for: name --targets, such as portable or sm89")
    if not found:
        raise UsageError("no target is named")
    return list(dict.fromkeys(found))


def _named(key: EngineKey) -> str:
    return f"{key.model} {key.precision} {key.profile} {key.target}"


def _show_plan(lines: Sequence[Line], store: Store, force: bool, as_json: bool) -> None:
    rows = [(line, line.order.key, _state(line, store, force)) for line in lines]
    if as_json:
        facts = [
            _facts(key) | {"for": line.users, "plan": state, "note": line.note} for line, key, state in rows
        ]
        print(json.dumps(facts, indent=2))
        return
    _table(
        ("model", "precision", "profile", "target", "library", "for", "plan"),
        [
            (k.model, k.precision, k.profile, k.target, f"{k.runtime} {k.version}", line.users, state)
            for line, k, state in rows
        ],
    )
    for target, note in dict.fromkeys(
        (k.target, f"{line.users}: {line.note}") for line, k, _ in rows if line.note
    ):
        print(f"{target}: {note}")
    for reason in {line.order.library.missing() for line in lines} - {None}:
        print(f"{reason}; until then it cannot be told what the store has")
    print(", ".join(f"{n} {state}" for state, n in Counter(state for _, _, state in rows).items()))


def _state(line: Line, store: Store, force: bool) -> str:
    try:
        found = store.engine(line.order.key)
        there = found is not None and bool(store.read(found))
    except EngineError:
        there = False  # a warning has named what is wrong with it
    if there and (line.elsewhere or not force):
        return "in the store"
    return "elsewhere" if line.elsewhere else "build"


def _build(
    lines: Sequence[Line],
    store: Store,
    jobs: int | None,
    force: bool,
    quiet: bool,
    facts: list[dict[str, Any]],
) -> int:
    """Build, tell so as it goes (on stderr where stdout is for JSON), add to `facts`; the exit code."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from interneg.engines.factory import produce

    elsewhere = [line for line in lines if line.elsewhere and _state(line, store, force) == "elsewhere"]
    orders = [line.order for line in lines if not line.elsewhere]
    for library in {order.library.name: order.library for order in orders}.values():
        if reason := library.missing():
            raise EngineError(f"{library.name}: {reason}")
    console = Console(stderr=quiet, highlight=False)
    counts: Counter[str] = Counter()
    folders: dict[Path, None] = {}
    code = 0
    began = time.monotonic()
    columns = (
        TextColumn("{task.completed:.1f} of {task.total:.0f} engines"),
        BarColumn(),
        TimeRemainingColumn(),
    )
    for line in elsewhere:
        console.print(
            f"{_named(line.order.key)}, for {line.users}: {line.note}", soft_wrap=True, markup=False
        )
        facts.append(_facts(line.order.key) | {"state": "elsewhere", "detail": line.note})
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=len(orders))
        told = produce(orders, store, jobs, force, lambda done: progress.update(task, completed=done))
        with closing(told):
            for outcome in told:
                facts.append(_facts(outcome.order.key) | _outcome(outcome))
                counts[outcome.state] += 1
                code = max(code, outcome.exit_code)
                if outcome.folder is not None:
                    folders[outcome.folder] = None
                left = (time.monotonic() - began) / counts.total() * (len(orders) - counts.total())
                tail = f" [{counts.total()}/{len(orders)}{f', {_clock(left)} left' if left else ''}]"
                progress.console.print(_line(outcome) + tail, soft_wrap=True, markup=False)
    words = [f"{counts[state]} {word}" for state, word in _STATES.items() if counts[state]]
    if elsewhere:
        words.append(f"{len(elsewhere)} to be built elsewhere")
    where = f"; store: {', '.join(map(str, folders))}" if folders else ""
    console.print(
        f"{', '.join(words)} in {_clock(time.monotonic() - began)}{where}", soft_wrap=True, markup=False
    )
    return code


_STATES = {"built": "built", "there": "already in the store", "failed": "failed"}


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _line(outcome: Outcome) -> str:
    name = _named(outcome.order.key)
    if outcome.state == "failed":
        return f"{name}: failed: {outcome.detail}"
    size = f"{outcome.size / 2**20:.2f} MiB"
    made = f"built in {outcome.seconds:.1f} s" if outcome.state == "built" else "already in the store"
    return f"{name}: {made}, {size}, {outcome.detail}"


def _outcome(outcome: Outcome) -> dict[str, Any]:
    fields = {
        "state": outcome.state,
        "detail": outcome.detail,
        "seconds": outcome.seconds,
        "bytes": outcome.size,
    }
    return fields | {"folder": None if outcome.folder is None else str(outcome.folder)}


def _facts(key: EngineKey) -> dict[str, Any]:
    return {f: getattr(key, f) for f in key.__struct_fields__}


def _upkeep(
    store: Store, known: Mapping[str, Model], verify: bool, prune: bool, dry_run: bool, as_json: bool
) -> None:
    from interneg.engines.store import rebuild_command

    def current(key: EngineKey) -> str:
        if key.model not in known:
            # It may be a facility's own, and pruning it for want of an option would be rash.
            return "" if prune else "the catalogue has no such model; name its folder in $INTERNEG_MODELS"
        return _unwanted(key, known[key.model])

    if prune:
        entries = store.prune(current, dry_run=dry_run)
    else:
        entries = store.entries(thorough=verify, current=current)
    # An engine's part of a record's version are the first digits of its hash.
    proofs = {r.key.version.rpartition(" ")[2]: r for r in store.records()}
    if as_json:
        print(json.dumps([_entry_facts(e, proofs) for e in entries], indent=2))
    elif prune:
        _show(entries, proofs)
        print(f"{len(entries)} {'would be removed' if dry_run else 'removed'}")
        strange = [e for e in store.entries() if e.key is not None and e.key.model not in known]
        if strange:
            print(f"{len(strange)} kept of models that the catalogue has not; is it in $INTERNEG_MODELS?")
    else:
        _show(entries, proofs)
        if not entries:
            print(f"no engines in {', '.join(map(str, store.folders))}")
    broken = [e for e in entries if e.broken]
    if verify:
        if not as_json:
            for e in broken:
                again = rebuild_command(e.key) if e.key is not None else "build_engines.py"
                print(f"{e.path.name}: build it again: {again}", file=sys.stderr)
            print(f"{len(entries)} files looked at, {len(broken)} broken")
        if broken:
            raise typer.Exit(5)


def _unwanted(key: EngineKey, model: Model) -> str:
    """Why an engine is of no more use, or an empty string: what cannot be told here is kept."""
    from interneg.engines.build import LIBRARIES, PROFILES, shapes

    library = LIBRARIES.get(key.runtime)
    if library is None:
        return f"there is no library '{key.runtime}' any more"
    # As Model.file has it, for a precision that may be another version's.
    weights = {str(precision): file.sha256 for precision, file in model.weights.items()}
    if key.weights != weights.get(key.precision, weights["fp32"]):
        return "the model has new weights"
    if key.profile not in PROFILES or key.shapes != str(shapes(model, PROFILES[key.profile])):
        return f"the profile {key.profile} has other sizes now"
    if library.missing() is None and key.version not in (library.version(), library.version().split(".")[0]):
        return f"built by {key.runtime} {key.version}, installed is {library.version()}"
    return ""


def _entry_facts(entry: Entry, proofs: Mapping[str, Record]) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": str(entry.path), "state": entry.state, "reason": entry.reason}
    if entry.key is not None:
        facts |= _facts(entry.key)
    if entry.manifest is not None:
        made = entry.manifest.made
        facts |= {"bytes": entry.manifest.size, "made": {f: getattr(made, f) for f in made.__struct_fields__}}
        if made.figures is not None:
            facts["made"]["figures"] = {f: getattr(made.figures, f) for f in made.figures.__struct_fields__}
        if proof := proofs.get(entry.manifest.sha256[:12]):
            figures = {f: getattr(proof.figures, f) for f in proof.figures.__struct_fields__}
            facts["qualified"] = {"device": proof.key.device, "figures": figures}
    return facts


def _show(entries: Sequence[Entry], proofs: Mapping[str, Record]) -> None:
    from interneg.engines.factory import described

    rows = []
    for e in entries:
        state = f"{e.state}: {e.reason}" if e.reason else e.state
        if e.key is None or e.manifest is None:
            rows.append((e.path.name, "", "", "", "", "", state))
            continue
        k, m = e.key, e.manifest
        size = f"{m.size / 2**20:.2f} MiB"
        proof = described(m.made) if e.state == "ok" else state
        record = proofs.get(m.sha256[:12])
        if e.state == "ok" and record is not None:
            proof = f"{record.figures.psnr:.0f} dB on {record.key.device}"
        rows.append((k.model, k.precision, k.profile, k.target, f"{k.runtime} {k.version}", size, proof))
    _table(("model", "precision", "profile", "target", "library", "size", "state"), rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    columns = dict(zip(titles, zip(*rows, strict=True), strict=True))
    # To fit 80 columns: what all rows have in common is said once.
    same = {t: c[0] for t, c in columns.items() if t in ("library", "for") and len(set(c) - {""}) < 2}
    for title, value in same.items():
        if value:
            print(f"{title}: {value}")
    table = Table(box=None, pad_edge=False)
    for title in (t for t in titles if t not in same):
        table.add_column(title, overflow="fold", no_wrap=title not in ("for", "plan", "state"))
    for row in rows:
        table.add_row(*(Text(v) for t, v in zip(titles, row, strict=True) if t not in same))
    console = Console(highlight=False)
    # Into a file or a pipe, a row is a line.
    (console if console.is_terminal else Console(width=10_000)).print(table)
