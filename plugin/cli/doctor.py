"""`interneg doctor`: what is installed, what this machine has, and which engines it can open."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interneg.engines.models import Model
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

    Every model is opened once as a render with default options would, which takes some seconds.
    """
    facts = examine()
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        _show(facts)


def examine() -> dict[str, Any]:
    """Look at everything; plain data."""
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
        "runtimes": _runtimes(),
        "models": _models(),
    }


def _packages() -> dict[str, str | None]:
    """Versions of what interneg needs and of what its extras bring; None for what is not installed."""
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


def _gpus() -> list[dict[str, str]]:
    """What the NVIDIA driver says of its GPUs."""
    asked = ("name", "memory.total", "memory.free", "driver_version", "compute_cap")
    command = ["nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = (line.split(",") for line in said.splitlines())
    return [dict(zip(asked, (v.strip() for v in row), strict=False)) for row in rows]


def _colour() -> dict[str, str]:
    from interneg.colour import Colour
    from interneg.errors import ColourError

    origin = "$OCIO" if os.environ.get("OCIO") else "OCIO's built-in studio config"
    try:
        colour = Colour()
    except ColourError as error:
        return {"origin": origin, "problem": str(error)}
    return {"origin": origin, "config": colour.name, "scene_linear": colour.resolve("scene_linear")}


def _store() -> list[dict[str, Any]]:
    from interneg.engines.store import Store

    return [{"folder": str(folder), "writable": _writable(folder)} for folder in Store().folders]


def _writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder can be made."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _runtimes() -> dict[str, Any]:
    from interneg.engines.models import load_catalogue
    from interneg.engines.runtimes import LACKING, RUNTIMES

    models = load_catalogue()
    lacking = {name: {"unavailable": reason} for name, reason in LACKING.items()}
    return {name: _runtime(runtime, models) for name, runtime in RUNTIMES.items()} | lacking


def _runtime(runtime: Runtime, models: Mapping[str, Model]) -> dict[str, Any]:
    if reason := runtime.unavailable():
        return {"unavailable": reason}
    precisions = {
        precision: {
            "models": [
                m.name for m in models.values() if not lacks and (precision != "int8" or "int8" in m.weights)
            ],
            "why_not": lacks or "",
        }
        for precision, lacks in runtime.precisions().items()
    }
    return {"version": runtime.version(), "device": runtime.device(), "precisions": precisions}


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
    row("GPUs", *([", ".join(g.values()) for g in facts["gpus"]] or ["none found (nvidia-smi shows none)"]))
    row("colour", f"{colour.get('config') or colour['problem']} ({colour['origin']})")
    row("store", *(f"{s['folder']}{'' if s['writable'] else ', NOT writable'}" for s in facts["store"]))
    for name, runtime in facts["runtimes"].items():
        row(name, *_runtime_lines(runtime))
    for name, said in facts["models"].items():
        row(name, said.removeprefix(f"{name} "))
    if not facts["models"]:
        row("models", "the catalogue is empty")
    console.print(table)


def _runtime_lines(runtime: dict[str, Any]) -> list[str]:
    if "unavailable" in runtime:
        return [runtime["unavailable"]]
    lines = [f"{runtime['version']} on {runtime['device']}"]
    for precision, found in runtime["precisions"].items():
        count = len(found["models"])
        lines.append(
            f"  {precision}: {found['why_not'] or (f'{count} models' if count else 'no model has weights')}"
        )
    return lines
