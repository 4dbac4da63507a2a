"""Analysis: what nodes noted of all frames of a shot, as a file and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt


class Analysis(Protocol):
    """What a class of nodes makes of a shot; see `Node.analysis`.

    ending: of the file's name.
    """

    ending: ClassVar[str] = ".json"

    def __init__(self, seen: Mapping[int, Any]) -> None:
        """seen: what `Node.observe` returned for each frame, by its number; at least one."""

    @property
    def text(self) -> str:
        """The file, which one of the node's knobs takes."""

    @property
    def beside(self) -> Mapping[str, bytes]:
        """Further files by their ending, as ".npz", which stand beside it under its name; by default none."""
        return {}

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
