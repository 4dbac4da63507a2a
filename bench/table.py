"""One row of the figures table, and how `interneg render` is called for it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """What was measured, the goal as text, the figure, and whether it reaches the goal (None: no goal)."""

    what: str
    goal: str
    figure: str
    reached: bool | None


def at_least(what: str, goal: float, figure: float, unit: str = "dB") -> Row:
    """A row whose figure is to be `goal` or more."""
    # A miss must not round to the goal.
    digits = next((d for d in (2, 3) if (round(figure, d) >= goal) == (figure >= goal)), 4)
    return Row(what, f"≥ {goal:g} {unit}", f"{figure:.{digits}f} {unit}", figure >= goal)


def at_most(what: str, goal: float, figure: float, unit: str = "") -> Row:
    """A row whose figure is to be `goal` or less."""
    return Row(what, f"≤ {goal:g} {unit}".strip(), f"{figure:.3g} {unit}".strip(), figure <= goal)


def render(recipe: str, source: Path, target: Path, *options: str) -> None:
    """Run `interneg render` as a user would, in a process of its own."""
    command = [sys.executable, "-m", "interneg.plugin.cli", "render", recipe, str(source), str(target)]
    done = subprocess.run([*command, "--overwrite", *options], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
