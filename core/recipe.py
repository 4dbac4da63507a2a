"""Recipes: a saved graph, as TOML or in one line.

    [colour]
    input = "ACEScg"            # optional: else found from the files
    output = "ACEScg"           # optional: else that of the input

    [inputs]
    mask = "mask.%04d.exr"      # optional

    [[node]]
    name = "denoise-sr"
    scale = 2

The one-line form holds the nodes only: "stabilise | deflicker:strength=0.8 | denoise-sr:scale=2,noise=auto".
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from interneg.errors import RecipeError, near
from interneg.node import Node

NodeTypes = Mapping[str, type[Node]]

_TABLES = ("colour", "inputs", "node")
_COLOUR = ("input", "output")
_INPUTS = ("mask", "reference")


@dataclass(frozen=True)
class Recipe:
    """Nodes in order, the colour spaces around them, and further inputs by name ("mask", "reference")."""

    nodes: tuple[Node, ...]
    input_space: str | None = None
    output_space: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_line(cls, line: str, types: NodeTypes) -> Recipe:
        """Read the one-line form. Raises RecipeError, KnobError."""
        nodes = []
        for part in line.split("|"):
            name, _, settings = part.strip().partition(":")
            values: dict[str, object] = {}
            for setting in filter(None, (s.strip() for s in settings.split(","))):
                knob, equals, value = setting.partition("=")
                if not equals:
                    raise RecipeError(f"'{setting}' in '{part.strip()}' is no setting: expected knob=value")
                values[knob.strip()] = value.strip()
            nodes.append(_node(name.strip(), values, types))
        return cls(tuple(nodes))

    @classmethod
    def from_toml(cls, text: str, types: NodeTypes) -> Recipe:
        """Read the TOML form. Raises RecipeError, KnobError."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RecipeError(f"the recipe is not valid TOML: {error}") from None
        _check(data, _TABLES, "the recipe")
        colour = _table(data, "colour", _COLOUR)
        rows = data.get("node", [])
        if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
            raise RecipeError("the recipe has no nodes: expected one [[node]] table or more")
        nodes = []
        for row in rows:
            values = dict(row)
            if "name" not in values:
                raise RecipeError(f"a [[node]] has no name; known are {', '.join(types)}")
            nodes.append(_node(str(values.pop("name")), values, types))
        return cls(tuple(nodes), colour.get("input"), colour.get("output"), _table(data, "inputs", _INPUTS))

    def with_setting(self, setting: str) -> Recipe:
        """The recipe with one knob changed: NODE.KNOB=VALUE, for each node of that name."""
        target, equals, value = setting.partition("=")
        name, dot, knob = target.strip().partition(".")
        if not (equals and dot):
            raise RecipeError(f"'{setting}' is no setting: expected NODE.KNOB=VALUE")
        names = [n.name for n in self.nodes]
        if name not in names:
            raise RecipeError(
                f"the recipe has no node '{name}'{near(name, names)}; it has: {', '.join(names)}"
            )
        changed = [
            type(n).with_knobs({**n.knobs, knob: value.strip()}) if n.name == name else n for n in self.nodes
        ]
        return replace(self, nodes=tuple(changed))

    @property
    def identity(self) -> str:
        """The recipe as canonical JSON, node versions included: equal texts give equal pictures."""
        nodes = [{"name": n.name, "version": n.version, **n.knobs} for n in self.nodes]
        facts = {"nodes": nodes, "input": self.input_space, "output": self.output_space}
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _node(name: str, values: Mapping[str, object], types: NodeTypes) -> Node:
    if name not in types:
        raise RecipeError(f"there is no node '{name}'{near(name, types)}; known are {', '.join(types)}")
    return types[name].with_knobs(values)


def _table(data: Mapping[str, Any], name: str, known: tuple[str, ...]) -> dict[str, str]:
    table = data.get(name, {})
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        raise RecipeError(f"[{name}] is a table of texts: {', '.join(known)}")
    _check(table, known, f"[{name}]")
    return table


def _check(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise RecipeError(
                f"{where} has an unknown entry '{key}'{near(key, known)}; known: {', '.join(known)}"
            )
