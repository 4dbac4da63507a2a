"""Analysis: what nodes noted of all frames of a shot, as a file and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Analysis(Protocol):
    """What a class of nodes makes of a shot; see `Node.analysis`."""

    def __init__(self, seen: Mapping[int, Any]) -> None:
        """seen: what `Node.observe` returned for each frame, by its number; at least one."""

    @property
    def text(self) -> str:
        """The file, which one of the node's knobs takes."""

    @property
    def report(self) -> Sequence[str]:
        """What there is to tell of the shot, in sentences."""
