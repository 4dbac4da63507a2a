"""The pages, and the commands that they show."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "examples" / "my-node" / "README.md",
        ROOT / "engines" / "training" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    if path.is_file() and path.parent.name != "decisions"
]

_FENCE = re.compile(
    r"^(?P<indent> *)(?:(?P<run><!-- run -->)\n(?P=indent))?```(?P<kind>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.M | re.S,
)
_INDENTED = re.compile(r"(?<=\n\n) {4}\S.*\n(?:(?: {4}.*)?\n)*")
_INLINE = re.compile(
    r"`((?:interneg|make|python build_engines\.py) [^`]+|python -m (?:interneg|bench)[^`]*)`"
)
_SHELL = ("bash", "sh", "")


class Command(NamedTuple):
    """A command of a page; run: whether its block is marked. sentence: it may hold placeholders."""

    page: str
    words: tuple[str, ...]
    run: bool = False
    sentence: bool = False

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def in_blocks(text: str, page: str) -> Iterator[Command]:
    """The commands in a page's blocks that are tagged bash or sh, not tagged, or indented by four."""
    variables: dict[str, str] = {}
    blocks = [(b.start(), b["text"], bool(b["run"])) for b in _FENCE.finditer(text) if b["kind"] in _SHELL]
    plain = _FENCE.sub(lambda block: "\n" * len(block[0]), text)
    blocks += [(b.start(), b[0], False) for b in _INDENTED.finditer(plain)]
    for _, block, run in sorted(blocks):
        for words in commands(textwrap.dedent(block), variables):
            yield Command(page, words, run)


def in_sentences(text: str, page: str) -> Iterator[Command]:
    """The commands between backticks in a page's sentences."""
    for found in _INLINE.finditer(_FENCE.sub("", text)):
        for words in commands(found[1].replace("\n", " "), {}):
            yield Command(page, words, sentence=True)


def commands(block: str, variables: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """The words of each command of a block, as the shell splits them, without comments.

    variables: those that the page has set in lines of their own; what this block sets is added.
    """
    begun = ""
    for line in block.replace("\\\n", " ").splitlines():
        begun += f"\n{line}" if begun else re.sub(r"(^|\s)#\s.*", "", line)
        for name, value in variables.items():
            begun = re.sub(rf"\${name}\b", value.replace("\\", r"\\"), begun)
        try:
            words = shlex.split(begun)
        except ValueError:  # within quotes, which end in a later line
            continue
        begun = ""
        for command in _parted(words):
            given = []
            while command and re.fullmatch(r"[A-Z_]+=.*", command[0], re.S):
                given.append(command.pop(0).partition("="))
            if command:
                yield tuple(command)
            else:
                variables.update((name, value) for name, _, value in given)
    assert not begun, f"quotes that do not end: {begun}"


def _parted(words: list[str]) -> list[list[str]]:
    """The words of each of the commands that && joins."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _read(path: Path) -> tuple[str, str]:
    return path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))


COMMANDS = [command for page in PAGES for command in in_blocks(*_read(page))]
MENTIONED = sorted({command for page in PAGES for command in in_sentences(*_read(page))})
