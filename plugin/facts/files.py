"""Files that knobs name: read for the nodes, and known by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from interneg.errors import InputError
from interneg.recipe import Recipe


def read(path: str) -> bytes:
    """The content of a file. Raises InputError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error


def with_content(recipe: Recipe) -> Recipe:
    """The recipe with the SHA-256 of each file that a knob names in place of its name. Raises InputError."""
    return recipe.with_files(lambda path: hashlib.sha256(read(path)).hexdigest())
