"""Nuke scripts (.nk), read as text: no Nuke, and nothing in them is run.

A script is a row of Tcl commands. A node is its class and its knobs in braces; it takes its inputs from a
stack, input 0 from the top, and is put on it in their stead. `set` keeps what lies there, `push` brings it
back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from interneg.errors import RecipeError
from interneg.plugin.scripts.hostfile import HostFile, HostNode, Setting
from interneg.plugin.scripts.nuke_curve import parse_setting, short
from interneg.plugin.scripts.tcl import Word, commands, malformed

_INPUTS = re.compile(r"(\d{1,4})(?:\+(\d{1,4}))?")

_COMMANDS = frozenset({"version", "define_window_layout_xml", "add_layer", "load", "addUserKnob"})
"""Commands that neither make a node nor touch the stack."""

_GROUPS = frozenset({"Group", "LiveGroup"})
"""Classes whose own nodes follow, up to `end_group`."""


@dataclass
class _Level:
    """What is open while a group is read. group: its key, put on the stack around it at its end."""

    prefix: str
    group: str | None = None
    stack: list[str | None] = field(default_factory=list)


def read(text: str) -> HostFile:
    """Read a script. Raises RecipeError, naming the line, where it is malformed or cut short."""
    nodes: dict[str, HostNode] = {}
    kept: dict[str, str | None] = {}
    root: dict[str, Setting] = {}
    levels = [_Level("")]
    for words in commands(text):
        command, *rest = words
        stack = levels[-1].stack
        match command.text, len(rest):
            case "set", 2:
                kept[rest[0].text] = _peek(stack, rest[1].text)
            case "push", 1:
                stack.append(kept.get(rest[0].text.removeprefix("$")))
            case "end_group", 0:
                if len(levels) == 1:
                    raise malformed(command.line, "'end_group' ends no group")
                group = levels.pop().group
                levels[-1].stack.append(group)
            case "Root", 1 if rest[0].braced:
                root = _knobs(rest[0])
            case name, _ if name in _COMMANDS:
                pass
            case "clone", 2 | 3 if rest[-1].braced:
                original = nodes.get(kept.get(rest[0].text.removeprefix("$")) or "")
                kind = rest[1].text if len(rest) == 3 else original.kind if original else "clone"
                own = _knobs(rest[-1])
                _place(nodes, levels, kind, {**(original.settings if original else {}), **own}, _counts(own))
            case kind, 1 if rest[0].braced:
                own = _knobs(rest[0])
                _place(nodes, levels, kind, own, _counts(own))
            case _:
                raise malformed(command.line, f"'{short(command.text)}' is no command of a Nuke script")
    if len(levels) > 1:
        raise RecipeError(f"the Nuke script is cut short: its group {levels[-1].group} has no end")
    if not nodes:
        raise RecipeError("this is no Nuke script: there is no node in it")
    return HostFile(nodes, _range(root), _plain(root, "project_directory"), *_config(root))


def _knobs(body: Word) -> dict[str, Setting]:
    """The knobs of a node, but those that a user added to it."""
    knobs: dict[str, Setting] = {}
    added = set()
    for name, *values in commands(body.text, body.line):
        if name.text == "addUserKnob" and values:
            added.add(next(iter(values[0].text.split()[1:2]), ""))
        elif name.text not in added:
            knobs[name.text] = _setting(values)
    return knobs


def _setting(values: list[Word]) -> Setting:
    if len(values) != 1 or not values[0].braced:
        return " ".join(v.text for v in values)
    inner = values[0]
    items = [w for words in commands(inner.text, inner.line) for w in words]
    if len(items) != 1:
        return inner.text
    return parse_setting(items[0].text) if items[0].braced else items[0].text


def _counts(knobs: dict[str, Setting]) -> tuple[int, int]:
    """How many inputs a node takes off the stack, and how many masks; one and none by default."""
    counts = knobs.get("inputs", "1")
    found = _INPUTS.fullmatch(counts) if isinstance(counts, str) else None
    if found is None:
        raise RecipeError(f"the Nuke script is malformed: a node has '{counts}' inputs")
    return int(found[1]), int(found[2] or 0)


def _place(
    nodes: dict[str, HostNode],
    levels: list[_Level],
    kind: str,
    knobs: dict[str, Setting],
    counts: tuple[int, int],
) -> None:
    """Make a node from what is on the stack; a group opens a level of its own."""
    level = levels[-1]
    count, masks = counts
    names = [*map(str, range(count)), *(f"mask{i or ''}" for i in range(masks))]
    inputs = {name: level.stack.pop() if level.stack else None for name in names}
    called = knobs.get("name")
    name = level.prefix + (called if isinstance(called, str) and called else kind)
    key = name if name not in nodes else f"{name} {len(nodes)}"  # two of one name do happen, in old gizmos
    nodes[key] = HostNode(name, kind, knobs, inputs)
    if kind in _GROUPS:
        levels.append(_Level(f"{key}.", key))
    else:
        level.stack.append(key)


def _peek(stack: list[str | None], command: str) -> str | None:
    """What `[stack N]` stands for."""
    found = re.fullmatch(r"\[\s*stack\s+(\d{1,6})\s*\]", command)
    depth = int(found[1]) if found else 0
    return stack[-1 - depth] if depth < len(stack) else None


def _range(root: dict[str, Setting]) -> tuple[int, int] | None:
    ends = [root.get("first_frame", ""), root.get("last_frame", "")]
    numbers = [int(e) for e in ends if isinstance(e, str) and re.fullmatch(r"-?\d{1,9}", e)]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _plain(root: dict[str, Setting], name: str) -> str:
    setting = root.get(name, "")
    return setting if isinstance(setting, str) else ""


def _config(root: dict[str, Setting]) -> tuple[str, str]:
    """The file of a configuration of the user's own, or the name of one of Nuke's."""
    name = _plain(root, "OCIO_config")
    if name == "custom" and _plain(root, "colorManagement") != "Nuke":
        return _plain(root, "customOCIOConfigPath"), ""
    return "", "" if name == "custom" else name
