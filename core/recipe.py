"""Recipes: a saved graph, as TOML or in one line.

    [colour]
    input = "ACEScg"            # optional: else found from the files
    output = "ACEScg"           # optional: else that of the input

    [inputs]
    mask = "mask.%04d.exr"      # optional; beside the recipe, unless the path is absolute

    [output]
    depth = "half"              # optional: else that of the input

    [[node]]
    name = "denoise-sr"
    scale = 2
    noise = { 1001 = 10.0, 1020 = 25.0 }    # over time: straight lines between frames, held beyond them

The one-line form holds the nodes only: "deflicker:strength=0.8 | denoise-sr:scale=2,fidelity_lock". A bool
knob without a value is true.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from interneg.errors import KnobError, RecipeError, near
from interneg.frame import DEPTHS
from interneg.knobs import knobs_of
from interneg.node import Node

NodeTypes = Mapping[str, type[Node]]

_TABLES = ("colour", "inputs", "output", "node")
_COLOUR = ("input", "output")
_INPUTS = ("mask", "matte", "reference")
_OUTPUT = ("depth",)
_DEPTHS = tuple(d for d in DEPTHS if d != "uint32")


@dataclass(frozen=True)
class Recipe:
    """Nodes in order, the colour spaces around them, and further inputs by name ("mask", "matte",
    "reference").

    depth: how the output's samples are stored, "uint8" to "uint16", "half" or "float"; None for as in the
    input.
    """

    nodes: tuple[Node, ...]
    input_space: str | None = None
    output_space: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    depth: str | None = None

    def __post_init__(self) -> None:
        if self.depth is not None and self.depth not in _DEPTHS:
            raise RecipeError(
                f"there is no depth '{self.depth}'{near(self.depth, _DEPTHS)}; known are {', '.join(_DEPTHS)}"
            )

    @classmethod
    def from_file(cls, path: Path, types: NodeTypes) -> Recipe:
        """Read a file in the TOML form; the files that it names lie in its own folder, unless absolute.

        Raises RecipeError, KnobError.
        """
        try:
            recipe = cls.from_toml(path.read_text(encoding="utf-8"), types)
        except OSError as error:
            raise RecipeError(f"the recipe {path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RecipeError(f"the recipe {path} cannot be read, it is no UTF-8 text: {error}") from error
        folder = path.absolute().parent
        return replace(
            recipe.with_files(lambda p: str(folder / p)),
            inputs={name: str(folder / p) for name, p in recipe.inputs.items()},
        )

    @classmethod
    def from_line(cls, line: str, types: NodeTypes) -> Recipe:
        """Read the one-line form. Raises RecipeError, KnobError."""
        try:
            return cls._from_line(line, types)
        except (RecipeError, KnobError) as error:
            if meant := _meant_line(line, types):
                raise type(error)(f'"{line}" cannot be read as a recipe; did you mean "{meant}"?') from None
            raise

    @classmethod
    def _from_line(cls, line: str, types: NodeTypes) -> Recipe:
        if not line.strip():
            raise RecipeError(f"the recipe is empty: name a node, such as {next(iter(types), 'a node')}")
        nodes = []
        for part in line.split("|"):
            name, _, settings = part.strip().partition(":")
            kind = _type(name.strip(), types)
            values: dict[str, object] = {}
            for setting in filter(None, (s.strip() for s in settings.split(","))):
                knob, value = _setting(setting, kind)
                if knob in values:
                    raise RecipeError(f"'{part.strip()}' sets {knob} twice; leave one of them out")
                values[knob] = value
            nodes.append(kind.with_knobs(values))
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
            nodes.append(_type(str(values.pop("name")), types).with_knobs(values))
        return cls(
            tuple(nodes),
            colour.get("input"),
            colour.get("output"),
            _table(data, "inputs", _INPUTS),
            _table(data, "output", _OUTPUT).get("depth"),
        )

    def with_setting(self, setting: str) -> Recipe:
        """The recipe with one knob changed: NODE.KNOB=VALUE, for each node of that name."""
        name, dot, rest = (p.strip() for p in setting.partition("."))
        if not dot or not rest or "=" in name:
            bare = setting.partition("=")[0].strip()
            meant = [f"'{n.name}.{setting.strip()}'" for n in self.nodes if bare in knobs_of(type(n))]
            raise RecipeError(
                f"'{setting}' is no setting: expected NODE.KNOB=VALUE"
                + (f" (did you mean {' or '.join(dict.fromkeys(meant))}?)" if meant else "")
            )
        kinds = {n.name: type(n) for n in self.nodes}
        if name not in kinds:
            raise RecipeError(
                f"the recipe has no node '{name}'{near(name, kinds)}; it has: {', '.join(kinds)}"
            )
        knob, value = _setting(rest, kinds[name])
        changed = [type(n).with_knobs({**n.knobs, knob: value}) if n.name == name else n for n in self.nodes]
        return replace(self, nodes=tuple(changed))

    def with_files(self, change: Callable[[str], str]) -> Recipe:
        """The recipe with the value of each "file" knob that names a file changed."""
        return self.with_files_of(lambda node, knob, path: change(path))

    def with_files_of(self, change: Callable[[Node, str, str], str]) -> Recipe:
        """Likewise; `change` gets the node and the name of the knob, too."""
        nodes = []
        for node in self.nodes:
            files = (name for name, k in knobs_of(type(node)).items() if k.kind == "file")
            named = {name: change(node, name, value) for name in files if (value := str(getattr(node, name)))}
            nodes.append(type(node).with_knobs({**node.knobs, **named}))
        return replace(self, nodes=tuple(nodes))

    @property
    def identity(self) -> str:
        """The recipe as canonical JSON, node versions included: equal texts give equal files."""
        nodes = [{"name": n.name, "version": n.version, **n.knobs} for n in self.nodes]
        facts = {
            "nodes": nodes,
            "input": self.input_space,
            "output": self.output_space,
            "depth": self.depth,
        }
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def _type(name: str, types: NodeTypes) -> type[Node]:
    if name not in types:
        raise RecipeError(f"there is no node '{name}'{near(name, types)}; known are {', '.join(types)}")
    return types[name]


def _meant_line(line: str, types: NodeTypes) -> str:
    """A line that can be read and that a malformed one may stand for, else an empty text.

    Nodes or knobs separated by ";", "+" or a blank, and nodes by ",", are separated rightly, and knobs
    without a node get the one that has them.
    """
    others = ((",", "|"),) if "=" not in line else ()
    for wrong, separator in ((";", ","), (";", "|"), ("+", "|"), (" ", "|"), *others):
        parts = []
        for part in (p.strip() for p in line.strip().replace(wrong, separator).split("|")):
            name, equals, _ = part.partition("=")
            owners = [kind.name for kind in types.values() if name.strip() in knobs_of(kind)]
            parts.append(f"{owners[0]}:{part}" if equals and len(owners) == 1 else part)
        meant = " | ".join(parts)
        with suppress(RecipeError, KnobError):
            Recipe._from_line(meant, types)
            return meant
    return ""


def _setting(text: str, kind: type[Node]) -> tuple[str, object]:
    """Read "knob=value", or the lone name of a bool knob, which switches it on."""
    name, equals, value = (p.strip() for p in text.partition("="))
    if equals:
        return name, value
    declared = knobs_of(kind).get(name)
    if declared is not None and declared.kind != "bool":
        raise RecipeError(f"'{name}' of {kind.name} has no value: expected {name}=VALUE")
    return name, True


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
