"""Files that knobs name: read for the nodes, and known by their content."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from interneg.errors import InputError
from interneg.node import Node
from interneg.recipe import Recipe

BY_FRAME = "by frame"
"""Stands for a file of which each frame has its own part."""


def read(path: str) -> bytes:
    """The content of a file. Raises InputError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


class FileParts:
    """The files of a recipe's knobs, as far as nodes say which part of them counts for a frame.

    recipe: with the SHA-256 of each other file in place of its name, and BY_FRAME in place of theirs. Raises
    InputError.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._held: list[tuple[Node, str, bytes]] = []
        self.recipe = recipe.with_files_of(self._named)

    def digests(self, numbers: Collection[int]) -> list[str]:
        """The hashes of the parts that count for these frames."""
        parts = (node.part_of_file(knob, content, numbers) for node, knob, content in self._held)
        return [hashlib.sha256(part or b"").hexdigest() for part in parts]

    def _named(self, node: Node, knob: str, path: str) -> str:
        content = read(path)
        if node.part_of_file(knob, content, ()) is None:
            return hashlib.sha256(content).hexdigest()
        self._held.append((node, knob, content))
        return BY_FRAME


def with_content(recipe: Recipe) -> Recipe:
    """The recipe with the SHA-256 of each file that a knob names in place of its name. Raises InputError."""
    return recipe.with_files(lambda path: hashlib.sha256(read(path)).hexdigest())
