"""Analysis: what nodes noted of all frames of a shot, as a file and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt


class Trace(NamedTuple):
    """How something goes over a shot: numbers by frame as they were found, and as the node leaves them.

    label, unit: for its axis. after: None where the node leaves nothing of it, or all.
    """

    label: str
    unit: str
    before: Mapping[int, float]
    after: Mapping[int, float] | None = None


class Carried(NamedTuple):
    """A new file with a person's changes of an earlier one, what became of these, in words, and whether some
    were left out.
    """

    text: str
    told: str
    lost: bool


class Analysis(Protocol):
    """What a class of nodes makes of a shot; see `Node.analysis`.

    ending: of the file's name. every_frame: whether it needs all frames from the first to the last.
    has_events: whether it tells events, which stay, from what is removed.
    """

    ending: ClassVar[str] = ".json"
    every_frame: ClassVar[bool] = False
    has_events: ClassVar[bool] = False

    def __init__(self, seen: Mapping[int, Any]) -> None:
        """seen: what `Node.observe` returned for each frame, by its number; at least one."""

    @property
    def text(self) -> str:
        """The file, which one of the node's knobs takes."""

    @property
    def beside(self) -> Mapping[str, bytes]:
        """Further files by their ending, as ".npz", which stand beside it under its name; by default none."""
        return {}

    def edited(self, content: bytes, name: str) -> Self:
        """The analysis as a person has changed its file, for what is made of it; by default as it is.

        content: of the file, called `name`. Raises InputError where it is no such file.
        """
        return self

    @classmethod
    def require_read_only(cls, before: bytes, edited: bytes, name: str) -> None:
        """Raise InputError where a person changed what a file says for reading alone; by default never.

        before, edited, name: see `carried`.
        """
        return

    def carried(self, before: bytes, edited: bytes, name: str) -> Carried | None:
        """The file with what a person changed in an earlier one; None, by default, where that cannot be.

        before: the earlier file as it was written; edited: as it is now, called `name`. Raises InputError
        where this is no such file.
        """
        return None

    def marked(self, events: Mapping[int, bool]) -> Self:
        """The analysis as a person's word on some frames makes it: whether each is an event, by number.

        Asked only of a kind that `has_events`.
        """
        return self

    @property
    def traces(self) -> Sequence[Trace]:
        """What there is to draw over the shot; by default nothing."""
        return ()

    @property
    def shown(self) -> Sequence[int]:
        """The numbers of the frames that are worth a look, foremost first; by default none."""
        return ()

    def drawn(self, number: int, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """One of these frames, (H, W, 1 or 3), 8 bit, R, G, B, with what was noted drawn in; (H, W, 3)."""
        return picture

    @property
    def report(self) -> Sequence[str]:
        """What there is to tell of the shot, in sentences; by default nothing."""
        return ()
