"""Packages: what other people's packages add to Interneg, by the entry points that they state.

A package states its nodes in its pyproject.toml; the name is the node's own:

    [project.entry-points."interneg.nodes"]
    steady-black = "my_node.steady_black:SteadyBlack"

Catalogue models lie in a folder `models` beside the module, and icons, `NAME.png`, beside it too.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

GROUP = "interneg.nodes"
"""The entry point group."""

_MODELS = "models"


@dataclass(frozen=True)
class Stated:
    """A node that a package states. package: the name that it is installed by. module: where the node is."""

    name: str
    package: str
    module: str
    entry: EntryPoint

    def load(self) -> Any:
        """Import the module and return what the entry point names. Raises whatever the package raises."""
        return self.entry.load()

    @property
    def folder(self) -> Path | None:
        """The folder that the module lies in, found without importing it; None where there is none."""
        top, *inner = self.module.split(".")
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return None
        if spec is None or not spec.submodule_search_locations:
            return None
        for root in spec.submodule_search_locations:
            path = Path(root, *inner)
            if path.is_dir():
                return path
            if path.with_suffix(".py").is_file():
                return path.parent
        return None


def stated() -> tuple[Stated, ...]:
    """Return what the installed packages state, by name."""
    found = [
        Stated(e.name, e.dist.name if e.dist else e.module, e.module, e) for e in entry_points(group=GROUP)
    ]
    return tuple(sorted(found, key=lambda s: (s.name, s.package)))


def model_folders() -> tuple[Path, ...]:
    """Return the folders of catalogue models that installed packages bring along, each once."""
    folders = (s.folder / _MODELS for s in stated() if s.folder is not None)
    return tuple(dict.fromkeys(f for f in folders if f.is_dir()))
