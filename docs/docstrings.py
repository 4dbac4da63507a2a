"""Docstrings as they stand in the code, made ready for the site's pages: an extension of Griffe.

What is said of an argument or field, `pixels: (C, H, W) float32, any range.`, becomes an item of a list, and
so does a line of a package's contents. Lines are filled up to the width of the code, so that a line which had
room for the first word of the next was ended on purpose: there a new paragraph starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

WIDTH = 110

_ITEM = re.compile(r"(\w+(?:, \w+)*): +(.*)")
_CONTENTS = re.compile(r"(\w+) {2,}(\S.*)")


class Docstrings(griffe.Extension):
    """Rewrites every docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite this one's; called by Griffe."""
        if obj.docstring:
            names = set(obj.members) if obj.is_class else set()
            if isinstance(obj, griffe.Function):
                names |= {parameter.name for parameter in obj.parameters}
            obj.docstring.value = as_markdown(obj.docstring.value, WIDTH - 4 * _depth(obj), names)


def as_markdown(text: str, width: int, names: set[str]) -> str:
    """The docstring as Markdown.

    width: of its lines, less their indentation in the code. names: of what it can describe.
    """
    turns = "|".join(["Returns ", "Raises ", *(f"{name}: " for name in sorted(names))])
    summary, *rest = text.split("\n\n", 1)
    out = summary
    item = False
    for paragraph in _paragraphs(rest[0] if rest else "", width):
        # Where a sentence turns to the next argument, or to the result, a paragraph of its own begins.
        for part in re.split(rf"(?<=[.;]) (?={turns})", paragraph):
            named = _ITEM.fullmatch(part) or _CONTENTS.fullmatch(part)
            if named:
                words = ", ".join(f"`{name}`" for name in named[1].split(", "))
                part = f"- {words}: {named[2].rstrip(';')}"
            out += ("\n" if named and item else "\n\n") + part
            item = bool(named)
    return out


def _paragraphs(text: str, width: int) -> Iterator[str]:
    """The text's paragraphs in one line each; drawings, and blocks that are indented, come as they are."""
    for block in text.split("\n\n"):
        lines = block.splitlines()
        if block.startswith("    ") or "├──" in block:
            yield "\n".join(["```text", *lines, "```"])
            continue
        filled: list[str] = []
        before = ""
        for line in lines:
            on_purpose = len(before) + 1 + len(line.split(" ", 1)[0]) <= width and line[0] != " "
            if on_purpose or not filled or _ITEM.match(line) or _CONTENTS.match(line):
                filled.append(line.strip())
            else:
                filled[-1] += " " + line.strip()
            before = line
        yield from filled


def _depth(obj: griffe.Object) -> int:
    """How many times the docstring is indented."""
    depth = 0 if obj.is_attribute or obj.is_module else 1
    while obj.parent and not obj.is_module:
        obj = obj.parent
        depth += not obj.is_module
    return depth
