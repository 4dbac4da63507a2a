"""What is installed and what this machine has, as plain data."""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import psutil

from interneg.colour import Colour
from interneg.engines import gpus as graphics
from interneg.engines.folders import Folders
from interneg.errors import ColourError
from interneg.plugin.machine.sizes import GIB, MIB
from interneg.processor import cores, processor_name

_FOR_DEVELOPERS = re.compile(r"""extra == ["'](dev|docs|test)["']""")
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


def packages() -> dict[str, str | None]:
    """Versions of what interneg needs and of what its extras bring; None for what is not installed."""
    found: dict[str, str | None] = {}
    for line in requires("interneg") or ():
        name = line.split(";")[0].split("[")[0].rstrip("0123456789.<>=!~, ")
        if _FOR_DEVELOPERS.search(line):
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def processor() -> dict[str, Any]:
    """Its name, its cores and those of its features that networks profit from, None where unknown."""
    flags: set[str] = set()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            flags = set(value.split())
    features = [f for f in _CPU_FEATURES if f in flags] if lines else None
    return {"name": processor_name(), "cores": cores(), "features": features}


def memory() -> dict[str, float]:
    """The machine's memory and what is free of it, in GiB."""
    found = psutil.virtual_memory()
    return {"total_gib": round(found.total / GIB, 1), "free_gib": round(found.available / GIB, 1)}


def gpus() -> list[dict[str, Any]]:
    """Every GPU: its name, compute target, memory in MiB and driver."""
    return [
        {"name": g.name, "compute": g.target, "memory_mib": g.memory // MIB, "driver": g.driver}
        for g in graphics.here()
    ]


def colour_config() -> dict[str, Any]:
    """The OpenColorIO configuration, its origin and which tables it lacks, or the problem with it."""
    origin = "$OCIO" if os.environ.get("OCIO") else "OCIO's built-in studio config"
    try:
        colour = Colour()
        light = colour.resolve("scene_linear")
    except ColourError as error:
        return {"origin": origin, "problem": str(error)}
    missing = list(colour.tables.missing)
    return {"origin": origin, "config": colour.name, "scene_linear": light, "missing_tables": missing}


def store() -> list[dict[str, Any]]:
    """The folders of built engines, whether their share is not mounted, and whether they can be written."""
    folders = Folders()
    return [
        {"folder": str(folder), "unmounted": folders.unmounted(folder), "writable": _writable(folder)}
        for folder in folders.paths
    ]


def _writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder can be made."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
