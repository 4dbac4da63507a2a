"""The machine that was measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import interneg
from interneg.engines import gpus
from interneg.engines.gpucheck.power import watched_gpu
from interneg.engines.runtimes import RUNTIMES


def machine() -> dict[str, Any]:
    """What was measured on."""
    gpu = gpus.current()
    versions = {n: r.version() for n, r in RUNTIMES.items() if r.version() != "unknown"}
    return {
        "gpu": f"{gpu.name} ({gpu.target}), driver {gpu.driver}" if gpu else "",
        "watched": watched_gpu(),
        "cpu": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "interneg": interneg.__version__,
        "runtimes": versions,
    }


def unavailable() -> list[str]:
    """The runtimes that are not here, and why."""
    reasons = {name: runtime.unavailable() for name, runtime in RUNTIMES.items()}
    return [f"{name}: {reason}" for name, reason in reasons.items() if reason]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
