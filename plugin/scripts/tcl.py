"""Tcl as far as Nuke scripts need it: text taken apart into commands and words; nothing is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from interneg.errors import RecipeError

_SPACE = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)*+")
_COMMENT = re.compile(r"#(?:[^\\\n]|\\.)*+", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_BARE = re.compile(r"(?:[^\s;\\\[]|\\.)*+", re.DOTALL)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|(\r?\n[ \t]*)|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class Word(NamedTuple):
    """A word of a command. line: where it begins, for messages."""

    text: str
    braced: bool
    line: int


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
            raise malformed(line, 'a " is never closed; the script may be cut short')
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
            raise malformed(line, "it ends in the middle of a word")
        return Word(_unescaped(text[at:end]), False, line), end
    end += 1
    if end < len(text) and not text[end].isspace() and text[end] not in ";\\":
        raise malformed(line, f"a word ends before '{text[end]}'")
    return word, end


def _closing(text: str, at: int, signs: re.Pattern[str], opening: str, line: int) -> int:
    """Where what is opened at a place is closed."""
    depth = 0
    for sign in signs.finditer(text, at):
        if len(sign[0]) == 1:
            depth += 1 if sign[0] == opening else -1
            if depth == 0:
                return sign.start()
    raise malformed(line, f"a {opening} is never closed; the script may be cut short")


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        octets, code, newline, letter = found.groups()
        if octets or code:
            return chr(int(octets or code, 16))
        return " " if newline else _LETTERS.get(letter, letter)

    return _ESCAPE.sub(plain, text) if "\\" in text else text


def malformed(line: int, what: str) -> RecipeError:
    """The error for what stands in a line."""
    return RecipeError(f"the Nuke script is malformed in line {line}: {what}")
