"""All that `interneg doctor` finds out, as plain data."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from interneg.plugin.doctor import engines, hosts, machine


def examine() -> dict[str, Any]:
    """Look at everything; plain data. Opens and qualifies every model on every runtime."""
    return {
        "interneg": version("interneg"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": machine.packages(),
        "cpu": machine.processor(),
        "memory": machine.memory(),
        "gpus": machine.gpus(),
        "colour": machine.colour_config(),
        "store": machine.store(),
        "nodes": hosts.nodes(),
        "worker": hosts.worker(),
        "bundles": hosts.bundles(),
        "variables": hosts.variables(),
        "runtimes": engines.runtimes(),
        "models": engines.models(),
    }
