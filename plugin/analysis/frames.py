"""The frames of a clip that an analysis looks at, and by what it knows them again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from interneg.errors import InputError
from interneg.graph import needed
from interneg.io import Clip
from interneg.node import Node


def looked_at(nodes: Sequence[Node], wanted: Iterable[int], clip: Clip) -> set[int]:
    """The wanted frames and all in the clip that their windows show."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    return {n for w in wanted for n in needed(nodes, w) if n in inside}


def digests(clip: Clip, wanted: Iterable[int]) -> dict[int, str]:
    """The hash of each of these frames; "" for one that is not there or cannot be read."""

    def digest(number: int) -> str:
        try:
            return clip.digest(number) if clip.path_of(number) is not None else ""
        except InputError:
            return ""

    return {number: digest(number) for number in wanted}
