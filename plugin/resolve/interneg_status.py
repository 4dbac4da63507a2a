"""Interneg's status, as `interneg doctor` tells it, for Resolve's Workspace > Scripts and its Console."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

_OF_THE_HOST = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH")
_RESOURCES = "Interneg.ofx.bundle/Contents/Resources"


def bundle() -> Path | None:
    """The resources of the bundle that Resolve loads, None where there is none."""
    named = os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep)
    for folder in [*filter(None, named), "/usr/OFX/Plugins"]:
        if (Path(folder) / _RESOURCES / "nodes.json").is_file():
            return Path(folder) / _RESOURCES
    return None


def status() -> str:
    """Which nodes there are, and what renders them."""
    resources = bundle()
    if resources is None:
        return "Interneg is not where Resolve looks: run `interneg install resolve` and do as it says."
    nodes = json.loads((resources / "nodes.json").read_text(encoding="utf-8"))["nodes"]
    python = json.loads((resources / "worker.json").read_text(encoding="utf-8"))["command"][0]
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_HOST}
    try:
        done = subprocess.run(
            [python, "-I", "-m", "interneg.plugin.cli", "doctor"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**kept, "COLUMNS": "120"},
            timeout=600,
            check=False,
        )
        message = done.stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"Interneg does not answer: {error}. Run `interneg install resolve` anew."
    return "{}\nNodes: {}\n\n{}".format(resources, ", ".join(n["label"] for n in nodes), message)


if __name__ == "__main__":
    print(status())
