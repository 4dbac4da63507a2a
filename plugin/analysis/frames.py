"""The frames of a clip that an analysis looks at, and by what it knows them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import closing

from interneg.errors import InputError
from interneg.graph import needed
from interneg.io import Clip, open_clip
from interneg.node import Node
from interneg.recipe import Recipe


def looked_at(nodes: Sequence[Node], wanted: Iterable[int], clip: Clip) -> set[int]:
    """The wanted frames and all in the clip that their windows show."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    return {n for w in wanted for n in needed(nodes, w) if n in inside}


def filled(numbers: Iterable[int], clip: Clip) -> list[int]:
    """The frames of the clip from the first of these to the last."""
    found = sorted(numbers)
    return [n for n in range(found[0], found[-1] + 1) if clip.numbers[0] <= n <= clip.numbers[-1]]


def sees(node: Node, name: str) -> bool:
    """Whether a node that renders looks at a further input: "mask", "matte" or "reference"."""
    return {"mask": True, "matte": node.uses_matte, "reference": node.uses_reference}[name]


def inputs_of(recipe: Recipe, before: int) -> dict[str, str]:
    """A hash of each further input that the first nodes of a recipe, so many of them, look at.

    Raises InputError for one that cannot be read.
    """
    found = {}
    nodes = [n for n in recipe.nodes[:before] if not n.bypassed]
    for name, path in recipe.inputs.items():
        if any(sees(node, name) for node in nodes):
            with closing(open_clip(path)) as clip:
                parts = "\n".join(clip.digest(n) for n in clip.numbers)
            found[name] = hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()
    return found


def digests(clip: Clip, wanted: Iterable[int]) -> dict[int, str]:
    """The hash of each of these frames; "" for one that is not there or cannot be read."""

    def digest(number: int) -> str:
        try:
            return clip.digest(number) if clip.path_of(number) is not None else ""
        except InputError:
            return ""

    return {number: digest(number) for number in wanted}
