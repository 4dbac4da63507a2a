"""Natron projects (.ntp), read as XML: no Natron, and nothing in them is run.

A project is an archive of Boost serialisation: the items of NodesCollection are nodes, the items in a node
that have a Name are knobs, and Inputs_map names what is connected.
"""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from interneg.curve import Curve, Key
from interneg.errors import RecipeError
from interneg.plugin.scripts.hostfile import HostFile, HostNode, Setting, Unnamed, Varying

_DEEPEST = 32
_NUMBER = re.compile(r"[-+]?\d{1,40}\.?\d{0,40}(?:e[-+]?\d{1,3})?")
_KEY = ("Time", "Value", "InterpolationMethod", "LeftDerivative", "RightDerivative")
_CONSTANT = 0


def read(text: str) -> HostFile:
    """Read a project. Raises RecipeError where it is malformed, cut short, or declares entities."""
    # Boost's own document type is the bare name; one that declares anything could unfold into gigabytes.
    if re.search(r"<!ENTITY|<!DOCTYPE[^>]*\[", text, re.IGNORECASE):
        raise RecipeError("the Natron project declares XML entities, which Natron never writes")
    try:
        archive = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise RecipeError(f"the Natron project is malformed or cut short: {error}") from None
    project = archive.find("Project")
    if archive.tag != "boost_serialization" or project is None:
        raise RecipeError("this is no Natron project: expected <boost_serialization> with a <Project> in it")
    nodes: dict[str, HostNode] = {}
    _collect(project.find("NodesCollection"), "", nodes)
    if not nodes:
        raise RecipeError("the Natron project has no nodes")
    return HostFile(nodes, _range(project))


def _collect(
    owner: ElementTree.Element | None, prefix: str, nodes: dict[str, HostNode], depth: int = 0
) -> None:
    """Add the nodes of a project or a group, and of the groups in it."""
    for item in owner.findall("item") if owner is not None else ():
        if item.find("Plugin_id") is None:
            continue  # a knob of the group
        name = prefix + (_text(item, "Plugin_script_name") or _text(item, "Plugin_label"))
        inputs: dict[str, str | None] = {}
        for pair in item.findall("Inputs_map/item"):
            source = _text(pair, "second")
            inputs[_text(pair, "first")] = prefix + source if source else None
        knobs = {_text(k, "Name"): _setting(k) for k in item.findall("item") if _knob(k)}
        nodes[name] = HostNode(name, _text(item, "Plugin_id"), knobs, inputs)
        if depth == _DEEPEST:
            raise RecipeError(f"the Natron project nests groups more than {_DEEPEST} deep, at {name[:60]}")
        _collect(item, f"{name}.", nodes, depth + 1)


def _knob(item: ElementTree.Element) -> bool:
    """Whether an item is a knob of the plugin's or the host's own, not one that a user added."""
    return bool(_text(item, "Name")) and _text(item, "UserKnob") != "1"


def _setting(knob: ElementTree.Element) -> Setting:
    value = knob.find("item")
    if value is None:
        return ""
    if expression := _text(value, "Expression"):
        return Varying(f"set by the expression '{' '.join(expression.split())[:60]}'")
    if _text(value, "HasMaster") == "1":
        return Varying(f"linked to {_text(value, 'Master/MasterNodeName')}")
    if _text(value, "HasAnimation") != "1":
        return _text(knob, "ChoiceLabel") or Unnamed(_text(value, "Value"))
    rows = [[_text(item, name) for name in _KEY] for item in value.iterfind("Curve//item")]
    if not rows or not all(_NUMBER.fullmatch(text) for row in rows for text in row[:2]):
        return Varying("animated")
    rows.sort(key=lambda row: float(row[0]))
    how = f"animated over frames {float(rows[0][0]):g} to {float(rows[-1][0]):g}"
    curve = _curve(rows) if all(_NUMBER.fullmatch(text) for row in rows for text in row) else None
    if curve is None:
        how += " in a way that goes on beyond them, or that the project does not tell"
    return Varying(how, repr(float(rows[0][1])).removesuffix(".0") if len(rows) == 1 else None, curve)


def _curve(rows: list[list[str]]) -> Curve | None:
    """The curve through keys in order: their texts as in _KEY. None where it goes on before or behind them.

    Natron draws all kinds but the constant one from the slopes that it saves.
    Source: Natron, Engine/Interpolation.cpp, `interpolate`.
    """
    keys = [[float(text) for text in row] for row in rows]
    if keys[0][3] or keys[-1][4] or any(a[0] >= b[0] for a, b in pairwise(keys)):
        return None
    return Curve(
        tuple(
            Key(time, value, "hold" if kind == _CONSTANT else (slope, following[3]))
            for (time, value, kind, _, slope), following in pairwise([*keys, keys[-1]])
        )
    )


def _range(project: ElementTree.Element) -> tuple[int, int] | None:
    for knob in project.findall("item"):
        ends = [_text(item, "Value") for item in knob.findall("item")]
        if _text(knob, "Name") == "frameRange" and all(re.fullmatch(r"-?\d{1,9}", e) for e in ends):
            return (int(ends[0]), int(ends[1])) if len(ends) == 2 else None
    return None


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
