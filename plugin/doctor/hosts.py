"""What hosts find here, as plain data: the worker, the plugin's bundles, the environment variables."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from interneg.errors import InternegError, OutputError
from interneg.plugin.install import bundle
from interneg.plugin.install.place import SYSTEM, own_folder
from interneg.plugin.worker import place
from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind


def worker() -> dict[str, Any]:
    """The worker's folder, and what runs there: pid None for nothing; problem: why it cannot be asked."""
    folder = place.path()
    facts: dict[str, Any] = {"folder": str(folder), "pid": None, "version": None, "log": None, "problem": ""}
    try:
        client = Client.connect("interneg doctor", folder / f"{place.stem()}.sock")
        if client is not None:
            with client:
                status = client.ask(Kind.STATUS, {})
            facts |= {name: status[name] for name in ("pid", "version", "log")}
    except (InternegError, OSError) as error:
        facts["problem"] = str(error)
    return facts


def bundles() -> list[dict[str, Any]]:
    """The bundles in the folders that hosts look into; problem: why one is not to be trusted."""
    named = filter(None, os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep))
    own = []
    with suppress(OutputError):  # a user without a home
        own.append(own_folder())
    folders = dict.fromkeys([*map(Path, named), *own, SYSTEM])
    return [_bundle(folder) for folder in folders if bundle.path(folder).exists()]


def _bundle(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": str(bundle.path(folder)), "version": None, "hosts": [], "problem": ""}
    try:
        installed = bundle.installed(folder)
        python = Path(bundle.python(folder))
        facts |= {"version": bundle.version(folder), "hosts": list(installed.hosts if installed else ())}
    except InternegError as error:
        return facts | {"problem": str(error)}
    except (OSError, ValueError, KeyError) as error:
        return facts | {"problem": f"{bundle.path(folder)} is not whole ({error}): install it again"}
    if not python.exists():
        problem = f"{bundle.path(folder)} renders with {python}, which is not there: install it again"
        return facts | {"problem": problem}
    return facts


def variables() -> dict[str, str]:
    """The environment variables that start with INTERNEG_, whether anything reads them or not."""
    return {name: value for name, value in sorted(os.environ.items()) if name.startswith("INTERNEG_")}


def nodes() -> dict[str, str]:
    """For each node, those of other packages among them, an empty string, or why it is left out."""
    from interneg.nodes import FAILURES, NODES

    return {**dict.fromkeys(NODES, ""), **FAILURES}
