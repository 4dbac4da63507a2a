"""What is read out of a host's script: its nodes, how they are set and what they are connected to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from interneg.curve import Curve


@dataclass(frozen=True)
class Varying:
    """A knob's value that changes over time.

    how: as in "animated over frames 1001 to 1010". only: its value, where one key is all there is.
    curve: the same for each frame, where that is known exactly.
    """

    how: str
    only: str | None = None
    curve: Curve | None = None


class Unnamed(str):
    """A value that stands for itself, or in a choice for the name with this number, the first being 0."""

    __slots__ = ()


Setting = str | Varying


@dataclass(frozen=True)
class HostNode:
    """One node of a script.

    name: with those of the groups around it, as in "Group1.Read1". kind: the class or plugin that it is.
    inputs: the key of what is connected, None for nothing, by the name of the clip, or by its number ("0",
    "1", and "mask") where the script has no names.
    """

    name: str
    kind: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    inputs: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The node for messages."""
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True)
class HostFile:
    """A script: its nodes by a key, and its first and last frame where it says so.

    The key is the name, where that is the only one. folder: what paths in it start from; empty for its own.
    config: the file of the OCIO configuration that it was made with; host_config: the host's name for one of
    its own, where it says so.
    """

    nodes: Mapping[str, HostNode]
    frames: tuple[int, int] | None = None
    folder: str = ""
    config: str = ""
    host_config: str = ""
