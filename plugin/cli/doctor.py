"""`interneg doctor`: what is installed, what this machine has, and which engines it can open."""

from __future__ import annotations

import json
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from interneg.engines.models import Precision
    from interneg.engines.runtimes import Runtime

_CPU_FEATURES = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
)
_GIB = 2**30


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for tools.")] = False,
) -> None:
    """Show what is installed, the processor and GPUs, and which runtimes open which models, or why not.

    Every model is opened and qualified once on every runtime and at every precision, which takes some
    seconds the first time.
    """
    facts = examine()
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        _show(facts)


def examine() -> dict[str, Any]:
    """Look at everything; plain data."""
    from importlib.metadata import version

    return {
        "interneg": version("interneg"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": _packages(),
        "cpu": _cpu(),
        "memory": _memory(),
        "gpus": _gpus(),
        "colour": _colour(),
        "store": _store(),
        "nodes": _nodes(),
        "runtimes": _runtimes(),
        "models": _models(),
    }


def _packages() -> dict[str, str | None]:
    """Versions of what interneg needs and of what its extras bring; None for what is not installed."""
    from importlib.metadata import PackageNotFoundError, requires, version

    found: dict[str, str | None] = {}
    for line in requires("interneg") or ():
        name = line.split(";")[0].split("[")[0].rstrip("0123456789.<>=!~, ")
        if "extra == 'dev'" in line or 'extra == "dev"' in line:
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _cpu() -> dict[str, Any]:
    flags: set[str] = set()
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            flags = set(value.split())
        elif key.strip() == "model name":
            name = value.strip()
    features = [f for f in _CPU_FEATURES if f in flags] if lines else None
    return {"name": name, "cores": os.cpu_count(), "features": features}


def _memory() -> dict[str, float]:
    import psutil

    found = psutil.virtual_memory()
    return {"total_gib": round(found.total / _GIB, 1), "free_gib": round(found.available / _GIB, 1)}


def _gpus() -> list[dict[str, Any]]:
    from interneg.engines import gpus

    return [
        {"name": g.name, "compute": g.target, "memory_mib": g.memory >> 20, "driver": g.driver}
        for g in gpus.here()
    ]


def _colour() -> dict[str, str]:
    from interneg.colour import Colour
    from interneg.errors import ColourError

    origin = "$OCIO" if os.environ.get("OCIO") else "OCIO's built-in studio config"
    try:
        colour = Colour()
    except ColourError as error:
        return {"origin": origin, "problem": str(error)}
    return {"origin": origin, "config": colour.name, "scene_linear": colour.resolve("scene_linear")}


def _nodes() -> dict[str, str]:
    """For each node, installed packages' own among them, an empty string, or why it is left out."""
    from interneg.nodes import FAILURES, NODES

    return {**dict.fromkeys(NODES, ""), **FAILURES}


def _store() -> list[dict[str, Any]]:
    from interneg.engines.store import Store

    return [{"folder": str(folder), "writable": _writable(folder)} for folder in Store().folders]


def _writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder can be made."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _runtimes() -> dict[str, Any]:
    """For each runtime why it is not available, or its version, its device and what it opens.

    opens: by model and precision an empty string, or why not and what to do.
    """
    from interneg.engines.runtimes import RUNTIMES

    return {name: _runtime(runtime) for name, runtime in RUNTIMES.items()}


def _runtime(runtime: Runtime) -> dict[str, Any]:
    from interneg.errors import EngineError

    if reason := runtime.unavailable():
        return {"unavailable": reason}
    try:
        facts = {"version": runtime.version(), "device": runtime.device()}
    except EngineError as error:
        return {"unavailable": str(error)}
    lacks = runtime.precisions()
    usable = [p for p, reason in lacks.items() if not reason]
    return facts | {
        "opens": _opens(runtime, usable),
        "lacks": {p: reason for p, reason in lacks.items() if reason},
    }


def _opens(runtime: Runtime, precisions: list[Precision]) -> dict[str, dict[str, str]]:
    """Every model at every precision, opened and qualified."""
    from interneg.engines.source import Engines
    from interneg.errors import InternegError

    found: dict[str, dict[str, str]] = {}
    for precision in precisions:
        engines = Engines(runtime.name, precision)
        for name, model in engines.models.items():
            if precision == "int8" and "int8" not in model.weights:
                said = "it has no int8 weights"
            else:
                try:
                    engines.open(name).close()
                    said = ""
                except InternegError as error:
                    said = str(error).removeprefix(f"no runtime here can open {name}: {runtime.name}: ")
            found.setdefault(name, {})[precision] = said
    return found


def _models() -> dict[str, str]:
    """What runs each model by default; or why nothing can."""
    from interneg.engines.source import Engines
    from interneg.errors import InternegError

    engines = Engines()
    found = {}
    for name in engines.models:
        try:
            found[name] = engines.describe(name)
        except InternegError as error:
            found[name] = f"cannot be opened: {error}"
    return found


def _show(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")

    def row(name: str, *lines: str) -> None:
        from rich.text import Text

        table.add_row(name, Text("\n".join(lines)))

    cpu, memory, colour = facts["cpu"], facts["memory"], facts["colour"]
    row("interneg", f"{facts['interneg']}, Python {facts['python']}, {facts['system']}")
    there = [f"{n} {v}" for n, v in facts["packages"].items() if v]
    row("packages", ", ".join(there))
    row("not installed", ", ".join(n for n, v in facts["packages"].items() if not v) or "nothing is lacking")
    features = "features unknown" if cpu["features"] is None else ", ".join(cpu["features"]) or "no AVX"
    row("processor", f"{cpu['name']}, {cpu['cores']} cores ({features})")
    row("memory", f"{memory['free_gib']} of {memory['total_gib']} GiB free")
    row(
        "GPUs",
        *(
            f"{g['name']} ({g['compute']}), {g['memory_mib']} MiB, driver {g['driver']}"
            for g in facts["gpus"]
        ),
        *(() if facts["gpus"] else ("none found (nvidia-smi shows none)",)),
    )
    row("colour", f"{colour.get('config') or colour['problem']} ({colour['origin']})")
    row("store", *(f"{s['folder']}{'' if s['writable'] else ', NOT writable'}" for s in facts["store"]))
    nodes = facts["nodes"]
    row(
        "nodes",
        ", ".join(n for n in nodes if not nodes[n]),
        *(f"NOT {n}: {nodes[n]}" for n in nodes if nodes[n]),
    )
    for name, runtime in facts["runtimes"].items():
        row(name, runtime.get("unavailable") or f"{runtime['version']} on {runtime['device']}")
    console.print(table)
    console.print()
    _show_engines(console, facts)


def _show_engines(console: Console, facts: dict[str, Any]) -> None:
    """Models against runtimes: the precisions that open, and numbered notes on what does not."""
    from rich.table import Table
    from rich.text import Text

    notes: dict[str, int] = {}
    runtimes = {n: r for n, r in facts["runtimes"].items() if "opens" in r}
    table = Table(box=None, pad_edge=False)
    table.add_column("model", min_width=max(map(len, facts["models"]), default=0))
    for title in ("by default", *runtimes):
        table.add_column(title, overflow="fold")
    for name, default in facts["models"].items():
        cells = [_cell(r["opens"].get(name, {}), name, notes) for r in runtimes.values()]
        table.add_row(name, Text(_default(name, default, notes)), *cells)
    console.print(table)
    if not facts["models"]:
        console.print("the catalogue is empty")
    for name, runtime in runtimes.items() if facts["models"] else ():
        for reason in dict.fromkeys(runtime["lacks"].values()):
            precisions = ", ".join(p for p, r in runtime["lacks"].items() if r == reason)
            console.print(Text(f"{name} has no {precisions}: {reason}"))
    for note, number in notes.items():
        console.print(Text(f"[{number}] {note}"))


def _cell(opens: dict[str, str], model: str, notes: dict[str, int]) -> Text:
    """The precisions that open; and the numbers of the notes on those that do not."""
    from rich.text import Text

    good = [precision for precision, reason in opens.items() if not reason]
    why: dict[str, list[str]] = {}
    for precision, reason in opens.items():
        if reason:
            why.setdefault(_general(reason, model, precision), []).append(precision)
    said = [
        reason if reason == _NOT_BUILT else f"not {', '.join(names)}: {reason}"
        for reason, names in why.items()
    ]
    numbers = [f"[{notes.setdefault(note, len(notes) + 1)}]" for note in said]
    return Text(" ".join((",".join(good) or "none", *numbers)))


_NOT_BUILT = "no engine built for this GPU: run build_engines.py, or ask who keeps the store"


def _general(reason: str, model: str, precision: str) -> str:
    """A reason without what differs between models, so that all that lack the same share one note."""
    if re.match(r"no tensorrt\S* \S+ engine of ", reason) and "; tensorrt" not in reason:
        return _NOT_BUILT
    said = re.sub(rf"\S*[/\\]\S*{re.escape(model)}[^\s:;,]*", "its file", reason)
    said = re.sub(rf"\b{re.escape(model)}-{precision}-\S+", "its engine", said)
    said = re.sub(rf"\b{re.escape(model)} in {precision} ", "it ", said)
    return re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", "the model", said)


def _default(model: str, said: str, notes: dict[str, int]) -> str:
    """ "openvino fp32", and the reason among the notes."""
    if said.startswith("cannot be opened"):
        reason = _general(said, model, "fp32")
        return f"nothing [{notes.setdefault(reason, len(notes) + 1)}]"
    runs, _, why = said.removeprefix(f"{model} runs on ").partition(" (")
    runtime, *_, precision = runs.split()
    # Why another runtime has no engine stands in that runtime's column.
    reason = why.partition("; not ")[0].replace(")", "", 1)
    number = notes.setdefault(f"{runs}: {_general(reason, model, precision)}", len(notes) + 1)
    return f"{runtime} {precision} [{number}]"
