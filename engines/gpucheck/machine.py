"""The machine that was measured on."""

from __future__ import annotations

import platform
from typing import Any

import interneg
from interneg.engines import gpus
from interneg.engines.gpucheck.power import watched_gpu
from interneg.engines.runtimes import RUNTIMES
from interneg.processor import cores, processor_name


def machine() -> dict[str, Any]:
    """What was measured on."""
    gpu = gpus.current()
    versions = {n: r.version() for n, r in RUNTIMES.items() if r.version() != "unknown"}
    return {
        "gpu": f"{gpu.name} ({gpu.target}), driver {gpu.driver}" if gpu else "",
        "watched": watched_gpu(),
        "cpu": f"{processor_name()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "interneg": interneg.__version__,
        "runtimes": versions,
    }


def unavailable() -> list[str]:
    """The runtimes that are not here, and why."""
    reasons = {name: runtime.unavailable() for name, runtime in RUNTIMES.items()}
    return [f"{name}: {reason}" for name, reason in reasons.items() if reason]
