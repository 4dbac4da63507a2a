"""Node: what every node shares, so that a node's own file holds its knobs and its idea.

What becomes of a frame around `process` is in `Treatment`: working space, NaN and inf, strength and mask,
alpha, AOVs, windows and metadata. What a node's file needs is imported from here: Node, and the View and
Context that `process` is given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from interneg.analysis import Analysis
from interneg.curve import Curve
from interneg.errors import KnobError, near
from interneg.knobs import Button, Value, knob, knobs_of
from interneg.treatment import Treatment
from interneg.view import Context, View

__all__ = ["Context", "Node", "View"]


@dataclass(frozen=True, kw_only=True)
class Node(Treatment):
    """A restoration node; its fields are its knobs, in a recipe some of them curves (see `at`).

    A subclass states the class facts, those of `Treatment` too, its knobs, and `process`.
    buttons: what hosts show beside the knobs; the node answers them in `find`.
    analysis: what `interneg analyse` makes of a shot, out of what the node notes in `observe`; None where
    there is nothing to ask it.
    """

    label: ClassVar[str]
    help: ClassVar[str]
    version: ClassVar[int]
    layers: ClassVar[str]
    buttons: ClassVar[tuple[Button, ...]] = ()
    analysis: ClassVar[type[Analysis] | None] = None

    strength: float = knob(
        1.0, "float", "Strength",
        "How much of the result is used; 0 passes the input through bit for bit, at its own size.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    synthesis: bool = knob(
        False, "bool", "Write synthesis AOV",
        "Adds a channel 'synthesis': the difference between the result and the untreated input at each "
        "pixel, in the units of the node's working space.", animatable=False, aov=True,
    )  # fmt: skip

    unpremultiply: bool = knob(
        True, "bool", "Unpremultiply",
        "Divides colour by alpha before the node and multiplies it by alpha again after, so that soft edges "
        "keep their colour. Pictures without alpha, or with unassociated alpha, need none and get none.",
        animatable=False,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for name, declared in knobs_of(type(self)).items():
            object.__setattr__(self, name, declared.parse(f"{self.name}.{name}", getattr(self, name)))

    @classmethod
    def with_knobs(cls, values: Mapping[str, object]) -> Self:
        """Make a node from knob values as a recipe or a command line gives them.

        Raises KnobError for an unknown knob (naming near ones) and for a value that does not fit.
        """
        known = knobs_of(cls)
        for name in values:
            if name not in known:
                names = ", ".join(known)
                raise KnobError(
                    f"node '{cls.name}' has no knob '{name}'{near(name, known)}; its knobs: {names}"
                )
        return cls(**values)  # type: ignore[arg-type]

    @property
    def knobs(self) -> dict[str, Value]:
        """The value of each knob."""
        return {name: getattr(self, name) for name in knobs_of(type(self))}

    def at(self, number: int) -> Self:
        """The node as it is in the frame of that number: what renders, with a number for each curve.

        Raises KnobError where a curve leaves the limits of its knob, and where a strength of 0 would pass a
        frame at another size than its neighbours have.
        """
        values: dict[str, Any] = {
            name: value.at(number) for name, value in self.knobs.items() if isinstance(value, Curve)
        }
        if not values:
            return self
        node = dataclasses.replace(self, **values)
        if node.strength == 0 and self.enlarges > 1:
            raise KnobError(
                f"{self.name}.strength is 0 in frame {number}, which would be smaller than the others: keep "
                "it above 0 where the picture is enlarged"
            )
        return node

    def find(self, knob: str, view: View) -> Value:
        """Return the value for a knob that one of the node's buttons sets, from the window's own frame.

        knob: its name. A node that declares `buttons` overrides this.
        """
        raise NotImplementedError

    def require(self, numbers: Collection[int], read: Callable[[str], bytes]) -> None:
        """Raise before a render what would fail in one of its frames: files that lack it.

        numbers: of the frames. read: gives the content of a file. A node that reads files by frame answers.
        """

    def part_of_file(self, knob: str, content: bytes, numbers: Collection[int]) -> bytes | None:
        """What of a file that a knob names counts for these frames; None where all of it does for each.

        By it a render knows which frames stay as they are where the file was changed. content: of the file.
        Raises InputError where it is not what the knob takes.
        """
        return None

    @property
    def solved_by(self) -> str:
        """The knob that takes the file of the analysis; "" where these knobs leave nothing to solve."""
        return ""

    def as_analysed(self) -> Self:
        """The node with the knobs that an analysis of a shot is made with, from those that it has."""
        return self

    def observe(self, view: View) -> Any:
        """Return what there is to note of the window's own frame. A node with an `analysis` answers."""
        raise NotImplementedError
