"""nodes.json: all that the OpenFX shell knows of the nodes, made from their knobs.

`python -m interneg.plugin.ofx.nodes`, a part of `make nodes`, writes the committed file anew.
"""

from __future__ import annotations

import inspect
import json
import math
import shutil
from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path
from typing import Any

from interneg.errors import KnobError
from interneg.knobs import Knob, Value, knobs_of
from interneg.node import Node
from interneg.nodes import OWN as OWN_NODES
from interneg.plugin.facts.buttons import ButtonFacts, buttons_of
from interneg.plugin.facts.identifiers import COMPATIBLE, identifier_of
from interneg.plugin.facts.nodes import facts_of, summary
from interneg.plugin.facts.own_names import OWN, text_name

FILE = Path(__file__).with_name("nodes.json")
ICONS = Path(__file__).with_name("icons")

GROUP = "Interneg/Restoration"

_MOST_ROWS = 4096
_ANYWHERE = 1001

_MASK = {
    "name": "Mask",
    "label": "Mask",
    "optional": True,
    "help": "Where and how much to treat: the mask's alpha is used, or its first channel where it has none. "
    "0 leaves a pixel as it is, 1 treats it fully.",
}
_REFERENCE = {
    "name": "Reference",
    "label": "Reference",
    "optional": True,
    "help": "The plate that the node looks at beside its source.",
}
_MATTE = {
    "name": "Matte",
    "label": "Matte",
    "optional": True,
    "help": "What another tool takes for damage, where the knob matte says to use it: red is dirt, green "
    "scratches, a grey picture both; or the alpha, where it is not the same all over.",
}


def catalogue(nodes: Iterable[type[Node]]) -> dict[str, Any]:
    """What the shell is told of these nodes, as plain data.

    Raises KnobError where the frames that a node reaches depend on a knob with too many values for a table.
    """
    return {"version": 1, "nodes": [_entry(node) for node in nodes]}


def text(nodes: Iterable[type[Node]]) -> str:
    """The catalogue as the file has it."""
    return json.dumps(catalogue(nodes), indent=1) + "\n"


def write(resources: Path, nodes: Collection[type[Node]]) -> None:
    """Write what hosts read of these nodes into a bundle's resources: nodes.json, icons and help.

    Raises OSError where nothing can be written there, KnobError as `catalogue`.
    """
    (resources / FILE.name).write_text(text(nodes), encoding="utf-8")
    for node, facts in zip(nodes, catalogue(nodes)["nodes"], strict=True):
        shutil.copyfile(icon_of(node), resources / facts["icon"])
        (resources / f"{facts['identifier']}.md").write_text(f"{facts['help']}\n", encoding="utf-8")


def icon_of(node: type[Node]) -> Path:
    """The icon of a node: NAME.png beside its file, else the one drawn for it here, else that of any node."""
    own = Path(inspect.getfile(node)).with_name(f"{node.name}.png")
    drawn = ICONS / f"org.interneg.{node.__name__}.png"
    return next((path for path in (own, drawn) if path.is_file()), ICONS / "org.interneg.Node.png")


def _entry(node: type[Node]) -> dict[str, Any]:
    facts, identifier = facts_of(node), identifier_of(node)
    groups = dict.fromkeys(knob.group for knob in knobs_of(node).values() if knob.group)
    reach, anchors = _reach(node), _anchors(node)
    return {
        "name": node.name,
        "identifier": identifier,
        "label": node.label,
        "group": GROUP,
        "help": "\n\n".join(filter(None, (node.help, facts["description"], summary(facts)))),
        "version": [COMPATIBLE, node.version],
        "icon": f"{identifier}.png",
        "inputs": [_MASK, *[_MATTE] * node.matted, *[_REFERENCE] * node.reference],
        "temporal": bool(anchors) or any(before or after for *_, before, after, _ in reach["rows"]),
        "groups": [{"name": _group(label), "label": label, "open": False} for label in groups],
        "knobs": [
            *(
                shown
                for k in facts["knobs"]
                if not knobs_of(node)[k["name"]].aov
                for shown in _knobs(k, knobs_of(node)[k["name"]])
            ),
            *(_button(name, facts) for name, facts in buttons_of(node).items()),
        ],
        "reach": reach,
        "anchors": anchors,
    }


def _knobs(facts: dict[str, Any], knob: Knob) -> list[dict[str, Any]]:
    """The host parameters of a knob: of a choice that takes names, too, a further choice and a text."""
    shown = _knob(facts, knob)
    if not knob.others:
        return [shown]
    text = shown | {
        "name": text_name(facts["name"]),
        "kind": "text",
        "label": f"Own {knob.label.casefold()}",
        "help": f"Where {knob.label} is {OWN}: {knob.others}, as `interneg models` lists them.",
        "default": "",
        "choices": [],
    }
    return [shown | {"choices": [*knob.choices, OWN]}, text]


def _knob(facts: dict[str, Any], knob: Knob) -> dict[str, Any]:
    """A knob as its host parameter: a list of frames is a text, and a slider spans what there is."""
    shown = {key: value for key, value in facts.items() if key != "others"}
    shown |= {"secret": False, "group": _group(knob.group)}
    if knob.kind == "frames":
        shown["default"] = ",".join(map(str, facts["default"]))
    if knob.slider == Knob.slider and None not in facts["hard"]:
        shown["slider"] = facts["hard"]
    return shown


def _group(label: str) -> str | None:
    """The parameter that stands for a group, as no knob is called."""
    return f"group_{label.casefold()}" if label else None


def _button(name: str, facts: ButtonFacts) -> dict[str, Any]:
    named = {"name": name, "kind": "button", "label": facts.label, "help": facts.help}
    return named | {"whole_shot": facts.whole_shot, "secret": False, "group": None}


def _reach(node: type[Node]) -> dict[str, Any]:
    """The table from the knobs that decide it to the frames before, the frames after, and the enlargement."""
    read: set[str] = set()
    declared = knobs_of(node)

    class Seen(node):  # type: ignore[misc, valid-type]
        """The node, telling which of its knobs are read."""

        def __getattribute__(self, name: str) -> Any:
            if name in declared:
                read.add(name)
            return super().__getattribute__(name)

    knobs: list[str] = []
    while True:
        rows = []
        values = [_values(node, name, declared[name]) for name in knobs]
        if math.prod(map(len, values)) > _MOST_ROWS:
            raise KnobError(
                f"the frames that {node.name} reaches depend on too many knobs: {', '.join(knobs)}"
            )
        for row in product(*values):
            made = Seen.with_knobs(dict(zip(knobs, row, strict=True)))
            read.clear()
            rows.append([*row, *made.reach, made.enlarges])
            found = [name for name in declared if name in knobs or name in read]
            if found != knobs:  # a knob that matters only beside this value of another
                knobs = found
                break
        else:
            return {"knobs": knobs, "rows": rows}


def _anchors(node: type[Node]) -> str | None:
    """The knob that names further frames to look at, found by trying; None where there is none."""
    declared = knobs_of(node)
    switches = [{}, *({name: True} for name, knob in declared.items() if knob.kind == "bool")]
    for name in (name for name, knob in declared.items() if knob.kind == "frames"):
        if any(_ANYWHERE in node.with_knobs({name: (_ANYWHERE,), **s}).anchors(_ANYWHERE) for s in switches):
            return name
    return None


def _values(node: type[Node], name: str, knob: Knob) -> list[Value]:
    """All values of a knob."""
    low, high = knob.hard
    if knob.kind == "bool":
        return [False, True]
    if knob.kind == "choice":
        return list(knob.choices)
    if knob.kind == "int" and not knob.auto and high - low < _MOST_ROWS:
        return list(range(int(low), int(high) + 1))
    raise KnobError(
        f"the frames that {node.name} reaches, or how much it enlarges, depend on its knob '{name}', "
        f"a {knob.kind}: hosts take them from a table, so let a bool, a choice or an int of few values decide"
    )


if __name__ == "__main__":
    FILE.write_text(text(OWN_NODES.values()), encoding="utf-8")
