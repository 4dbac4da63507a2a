"""Numbered notes: each thing that does not work gets a number, equal ones the same."""

from __future__ import annotations


class Notes:
    """Notes in the order in which they were first given."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, note: str) -> str:
        """The number of a note, in brackets: "[1]"."""
        return f"[{self._numbers.setdefault(note, len(self._numbers) + 1)}]"

    @property
    def lines(self) -> list[str]:
        """Every note with its number before it."""
        return [f"[{number}] {note}" for note, number in self._numbers.items()]
