"""What is known of the processor of this machine: its name, and how many cores this process may use."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["cores", "processor_name"]


def cores() -> int:
    """How many cores this process may use, at least 1.

    On Linux those of its affinity, so that a job which a farm pins to 4 of 64 cores starts 4 threads; where
    the system has no affinity, all cores.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_name() -> str:
    """The model name of the processor, such as "AMD EPYC 9654 96-Core Processor".

    On Linux that of the first core in /proc/cpuinfo. Elsewhere, and where that names none (ARM), what
    Python's `platform` knows, which may be no more than the architecture ("arm64").
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
