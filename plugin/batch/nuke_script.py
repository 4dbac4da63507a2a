"""Nuke scripts (.nk), read as text: no Nuke, and nothing in them is run.

A script is a row of Tcl commands. A node is its class and its knobs in braces; it takes its inputs from a
stack, input 0 from the top, and is put on it in their stead. `set` keeps what lies there, `push` brings it
back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from interneg.curve import Curve, Key
from interneg.errors import RecipeError
from interneg.plugin.batch.hostfile import HostFile, HostNode, Setting, Varying

_SPACE = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)*+")
_COMMENT = re.compile(r"#(?:[^\\\n]|\\.)*+", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_BARE = re.compile(r"(?:[^\s;\\\[]|\\.)*+", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|(\r?\n[ \t]*)|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_INPUTS = re.compile(r"(\d{1,4})(?:\+(\d{1,4}))?")

_KINDS = frozenset("KLSRC")
"""Keys of a curve: constant, linear, smooth, Catmull-Rom, cubic. One holds for the keys behind it, too."""

_COMMANDS = frozenset({"version", "define_window_layout_xml", "add_layer", "load", "addUserKnob"})
"""Commands that neither make a node nor touch the stack."""

_GROUPS = frozenset({"Group", "LiveGroup"})
"""Classes whose own nodes follow, up to `end_group`."""


class Word(NamedTuple):
    """A word of a command. line: where it begins, for messages."""

    text: str
    braced: bool
    line: int


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
                    raise _malformed(command.line, "'end_group' ends no group")
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
                raise _malformed(command.line, f"'{_short(command.text)}' is no command of a Nuke script")
    if len(levels) > 1:
        raise RecipeError(f"the Nuke script is cut short: its group {levels[-1].group} has no end")
    if not nodes:
        raise RecipeError("this is no Nuke script: there is no node in it")
    return HostFile(nodes, _range(root), _plain(root, "project_directory"), *_config(root))


def commands(text: str, line: int = 1) -> Iterator[list[Word]]:
    """The commands of a Tcl script, as words, without running anything.

    line: the number of the first line. Raises RecipeError where a brace, quote or bracket is not closed.
    """
    at, counted = 0, 0
    words: list[Word] = []
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if at == len(text) or text[at] in "\n;":
            if words:
                yield words
            words = []
            if at == len(text):
                return
            at += 1
            continue
        line += text.count("\n", counted, at)
        counted = at
        if not words and text[at] == "#":
            at = _COMMENT.match(text, at).end()  # type: ignore[union-attr]
            continue
        word, at = _word(text, at, line)
        words.append(word)


def _word(text: str, at: int, line: int) -> tuple[Word, int]:
    """The word at a place, and the place behind it."""
    if text[at] == "{":
        end = _closing(text, at, _BRACE, "{", line)
        word = Word(text[at + 1 : end], True, line)
    elif text[at] == '"':
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            raise _malformed(line, 'a " is never closed; the script may be cut short')
        end = quoted.end() - 1
        word = Word(_unescaped(quoted[1]), False, line)
    else:
        end = at
        while True:
            end = _BARE.match(text, end).end()  # type: ignore[union-attr]
            if end == len(text) or text[end] != "[":
                break
            end = _closing(text, end, _BRACKET, "[", line) + 1
        if end == at:  # a lone backslash at the very end
            raise _malformed(line, "it ends in the middle of a word")
        return Word(_unescaped(text[at:end]), False, line), end
    end += 1
    if end < len(text) and not text[end].isspace() and text[end] not in ";\\":
        raise _malformed(line, f"a word ends before '{text[end]}'")
    return word, end


def _closing(text: str, at: int, signs: re.Pattern[str], opening: str, line: int) -> int:
    """Where what is opened at a place is closed."""
    depth = 0
    for sign in signs.finditer(text, at):
        if len(sign[0]) == 1:
            depth += 1 if sign[0] == opening else -1
            if depth == 0:
                return sign.start()
    raise _malformed(line, f"a {opening} is never closed; the script may be cut short")


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        octets, code, newline, letter = found.groups()
        if octets or code:
            return chr(int(octets or code, 16))
        return " " if newline else _LETTERS.get(letter, letter)

    return _ESCAPE.sub(plain, text) if "\\" in text else text


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
    return _animated(items[0].text) if items[0].braced else items[0].text


def _animated(text: str) -> Setting:
    """A curve, `curve x1001 0.5 x1010 1` with the frames where they are not the next, or an expression.

    Source: Foundry, NDK Developer's Guide, "Curve serialisation format".
    """
    first, *tokens = text.split() or [""]
    if not tokens and _NUMBER.fullmatch(first):
        return first
    if first != "curve":
        return Varying(f"set by the expression '{_short(text)}'")
    keys: list[tuple[float, str, str]] = []
    frame, step, kind, known = 0.0, 1.0, "S", True
    for token in tokens:
        if token in _KINDS:
            kind = token
        elif token[0] == "x" and _NUMBER.fullmatch(token[1:]):
            frame = float(token[1:])
        elif _NUMBER.fullmatch(token):
            step = frame - keys[-1][0] if keys else 1.0
            keys.append((frame, token, kind))
            frame += step
        elif token[0] in "stuv":  # slopes that were set by hand, and how long they are kept
            keys[-1:] = [(*keys[-1][:2], "")] if keys else []
        elif token not in "iIk":  # how it is shown; held at its end
            known = False
    if not keys:
        return Varying("set by a curve without keys")
    said = f"animated over frames {keys[0][0]:g} to {keys[-1][0]:g}"
    curve = _course(keys) if known else None
    if curve is None:
        said += " in curves that Nuke alone can draw (make its keys linear or constant there)"
    return Varying(said, keys[0][1] if len(keys) == 1 else None, curve)


def _course(keys: list[tuple[float, str, str]]) -> Curve | None:
    """The curve through keys of a frame, a value and a kind, where its value in every frame is known.

    Nuke does not document the slopes of smooth keys, but that they do not leave the range of their
    neighbours: between equal values they are level. Between frames that follow each other nobody asks.
    """
    course = []
    for (frame, value, kind), (following, other, kind_there) in pairwise([*keys, keys[-1]]):
        level = float(value) == float(other) and {kind, kind_there} <= {"S", "L"}
        neighbours = frame.is_integer() and following - frame <= 1
        if kind != "K" and not (level or neighbours or kind == kind_there == "L"):
            return None
        course.append(Key(frame, float(value), "hold" if kind == "K" else "line"))
    return Curve(tuple(course)) if all(a.frame < b.frame for a, b in pairwise(course)) else None


def _counts(knobs: dict[str, Setting]) -> tuple[int, int]:
    """How many inputs a node takes off the stack, and how many masks; one and none by default."""
    said = knobs.get("inputs", "1")
    found = _INPUTS.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise RecipeError(f"the Nuke script is malformed: a node has '{said}' inputs")
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


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."


def _malformed(line: int, what: str) -> RecipeError:
    return RecipeError(f"the Nuke script is malformed in line {line}: {what}")
