"""Attributes of files that are more than one string, int or float."""

from __future__ import annotations

from typing import Any

__all__ = ["Typed"]


class Typed(tuple[Any, ...]):
    """Several numbers or strings, with the type that they have in a file, as OpenImageIO names it."""

    type: str

    def __new__(cls, type: str, values: tuple[Any, ...]) -> Typed:
        made = super().__new__(cls, values)
        made.type = type
        return made

    def __getnewargs__(self) -> tuple[str, tuple[Any, ...]]:
        return self.type, tuple(self)
