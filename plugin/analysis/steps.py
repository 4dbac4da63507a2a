"""Which nodes of a recipe a whole shot can be solved for, and what each solution was made with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interneg.analysis import Analysis
from interneg.errors import RecipeError, near
from interneg.node import Node
from interneg.plugin.facts.files import read, with_content
from interneg.recipe import NodeTypes, Recipe

_HASH = re.compile("[0-9a-f]{64}")

Facts = Mapping[str, Any]
"""Of a node: its name and version, and its knobs, as plain data."""


@dataclass(frozen=True)
class Step:
    """A node that a shot is solved for.

    index: where it stands in the recipe. name: of its files in the folder. knob: which takes the solution.
    """

    index: int
    name: str
    knob: str
    analysis: type[Analysis]

    @property
    def file(self) -> str:
        """The name of the solution's file."""
        return self.name + self.analysis.ending


def steps(nodes: Sequence[Node], types: NodeTypes) -> list[Step]:
    """The nodes to be solved, in the order of the recipe: a second one of a kind is called NAME-2.

    types: all nodes that there are. Raises RecipeError where the recipe has none.
    """
    found: list[Step] = []
    for index, node in enumerate(nodes):
        if node.analysis is not None and node.solved_by and not node.bypassed:
            before = sum(nodes[s.index].name == node.name for s in found)
            name = f"{node.name}-{before + 1}" if before else node.name
            found.append(Step(index, name, node.solved_by, node.analysis))
    if not found:
        for node in nodes:
            if node.analysis is not None and not node.bypassed and (knob := type(node)().solved_by):
                raise RecipeError(
                    f"there is nothing to analyse: {node.name} follows a file already, with {node.name}."
                    f"{knob}. Take that out of the recipe to analyse the shot anew, or render without an "
                    "analysis"
                )
        able = ", ".join(n for n, kind in types.items() if kind.analysis is not None)
        raise RecipeError(
            f"the recipe has nothing to analyse; it has: {', '.join(n.name for n in nodes)}. What can be "
            f"analysed: {able}"
        )
    return found


def named(found: Sequence[Step], name: str) -> Step:
    """The step of that name. Raises RecipeError."""
    for step in found:
        if step.name == name:
            return step
    names = [s.name for s in found]
    raise RecipeError(f"there is nothing to analyse for '{name}'{near(name, names)}: {' or '.join(names)}")


def solved(nodes: Sequence[Node], done: Sequence[Step], folder: Path) -> list[Node]:
    """The nodes, each of the steps that are done following its file in the folder."""
    made = list(nodes)
    for step in done:
        node = made[step.index]
        made[step.index] = type(node).with_knobs({**node.knobs, step.knob: str(folder / step.file)})
    return made


def followed(
    nodes: Sequence[Node], done: Sequence[Step], folder: Path, numbers: Sequence[int]
) -> dict[str, str]:
    """A hash (SHA-256) of what counts in the file of each of these steps, by its name.

    nodes: of the recipe. numbers: the frames. Raises InputError for a file that cannot be read.
    """
    found = {}
    for step, node in ((s, solved(nodes, [s], folder)[s.index]) for s in done):
        content = read(str(folder / step.file))
        part = node.part_of_file(step.knob, content, numbers)
        found[step.name] = hashlib.sha256(content if part is None else part).hexdigest()
    return found


def made_with(nodes: Sequence[Node], step: Step) -> list[Facts]:
    """What a step depends on, in the order of the recipe: the nodes before it, and its own as it measures.

    Files are known by their content. Raises InputError for one that cannot be read.
    """
    return [facts(node) for node in (*nodes[: step.index], nodes[step.index].as_analysed())]


def facts(node: Node) -> Facts:
    """A node as plain data. Raises InputError for a file that cannot be read."""
    made: Facts = json.loads(with_content(Recipe((node,))).identity)["nodes"][0]
    return made


def difference(then: Sequence[Facts], now: Sequence[Facts]) -> str:
    """How two rows of nodes differ, in words; empty where they do not."""
    names = [[str(f.get("name")) for f in row] for row in (then, now)]
    if names[0] != names[1]:
        row = " | ".join(names[1])
        return f"it was made for {' | '.join(names[0])}, the recipe has {row} up to there"
    for before, here in zip(then, now, strict=True):
        for knob in {**before, **here}:
            if before.get(knob) != here.get(knob):
                if any(_HASH.fullmatch(str(f.get(knob))) for f in (before, here)):
                    return f"it was made with another file for {here['name']}.{knob}, or with none"
                return (
                    f"it was made with {here['name']}.{knob} = {_shown(before.get(knob))}, now it is "
                    f"{_shown(here.get(knob))}"
                )
    return ""


def _shown(value: object) -> str:
    return json.dumps(value)
