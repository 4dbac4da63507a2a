"""Files and texts changed at random, as disks, editors and networks change them, and as nobody should."""

from __future__ import annotations

import random
import re

NUMBERS = (
    "0", "-1", "1", "0.5", "-0.0", "1e999", "-1e308", "nan", "2147483648", "-9223372036854775809",
    "4294967296", "99999999999999999999999", "0x10", "1_0", '"7"', "null", "true", "[]", "{}", '""',
)  # fmt: skip
WORDS = (
    "", " ", ".", "..", "/", "../../x", "%04d", "####", "%s%n", "{{x}}", "\u0000", "\ufeff", "\u202e",
    "ü" * 300, "x" * 5000, "'", '"', "\\", "\n", "[" * 3000, "{" * 3000, "<a>&b;", "NaN", "-", "--frames",
    "1-9x0", "9-1",
)  # fmt: skip
_ZERO, _ONES = bytes(4), b"\xff" * 4
_EXTREMES = (_ZERO, _ONES, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\1\0\0")
_HEAD = 400
"""Bytes among which headers are: as many changes fall there as in all the rest."""


def changed(data: bytes, dice: random.Random) -> bytes:
    """The bytes with one to four changes: bits, numbers, parts that are lost, doubled, added or empty."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        size = len(made)
        at = dice.randrange(min(_HEAD, size) if dice.random() < 0.5 else size) if size else 0
        length = min(dice.choice((1, 4, 16, 300)), size - at)
        kind = dice.randrange(7)
        if kind == 0 and size:
            made[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            made[at : at + 4] = dice.choice(_EXTREMES)
        elif kind == 2:
            del made[at:]
        elif kind == 3:
            del made[at : at + length]
        elif kind == 4:
            made[at:at] = made[at : at + length] * dice.choice((1, 50))
        elif kind == 5:
            made[at : at + length] = dice.randbytes(length)
        else:
            made[at : at + length] = bytes(length)
    return bytes(made)


def rewritten(text: str, dice: random.Random) -> str:
    """The text with one to three changes: numbers and words replaced, lines lost, doubled or swapped."""
    for _ in range(dice.randint(1, 3)):
        kind = dice.randrange(5)
        lines = text.splitlines(keepends=True)
        if kind == 0:
            text = _one(r"-?\d+(\.\d+)?(e-?\d+)?", text, dice.choice(NUMBERS), dice)
        elif kind == 1:
            text = _one(r'"[^"\n]*"', text, f'"{dice.choice(WORDS)}"', dice)
        elif kind == 2:
            text = _one(r"[A-Za-z_]\w*", text, dice.choice(WORDS), dice)
        elif kind == 3 and lines:
            del lines[dice.randrange(len(lines))]
            text = "".join(lines)
        elif lines:
            lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
            text = "".join(lines)
    return text


def damaged(data: bytes, dice: random.Random) -> bytes:
    """A file of text: rewritten, or changed as bytes are."""
    if dice.random() < 0.3:
        return changed(data, dice)
    return rewritten(data.decode(), dice).encode("utf-8", "surrogatepass")


def _one(pattern: str, text: str, by: str, dice: random.Random) -> str:
    """The text with one of the places that match replaced."""
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    place = dice.choice(found)
    return text[: place.start()] + by + text[place.end() :]
