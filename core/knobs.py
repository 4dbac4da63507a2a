"""Knobs: what a node can be told, declared once.

A node is a frozen dataclass whose fields are its knobs. From the declaration come validation, command line
options, `interneg nodes`, the node reference and the parameters shown by hosts.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from interneg.curve import Curve, Key
from interneg.errors import KnobError, near

KnobKind = Literal["float", "int", "bool", "choice", "file", "frames"]
Value = float | int | bool | str | tuple[int, ...] | Curve

AUTO = "auto"
"""The value of a knob that lets the node find the number itself."""

_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]*")

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Knob:
    """The declaration of one knob.

    hard: the limits beyond which a value is an error; slider: the range a host offers; both inclusive.
    choices: the values of a "choice" knob. others: what it takes beside them, in words, any name of
    letters, digits, dots, dashes and underscores; empty where it takes nothing else.
    auto: whether the word "auto" stands for "find it yourself".
    animatable: whether hosts may change it over time; a "float" that they may is a curve in recipes, too.
    group: the heading under which hosts show it; empty for none.
    aov: whether it adds a channel to the picture, for which hosts have no room.
    """

    kind: KnobKind
    label: str
    help: str
    unit: str = ""
    hard: tuple[float, float] = (-math.inf, math.inf)
    slider: tuple[float, float] = (0.0, 1.0)
    choices: tuple[str, ...] = ()
    others: str = ""
    auto: bool = False
    animatable: bool = True
    group: str = ""
    aov: bool = False

    def parse(self, name: str, value: object) -> Value:
        """Return `value` (of its own type, or as text) as this knob's type.

        "auto", true and false are taken in any case; a table of frames and numbers is a curve of straight
        lines. Raises KnobError, naming the knob, what came and what was expected.
        """
        if isinstance(value, Curve | Mapping):
            return self._curve(name, value)
        if self.auto and isinstance(value, str) and value.strip().casefold() == AUTO:
            return AUTO
        if self.kind == "choice":
            whole = isinstance(value, float) and value.is_integer()  # as writers of JSON and TOML put 2
            text = f"{value:.0f}" if whole else str(value)
            if text in self.choices or (self.others and _NAME.fullmatch(text)):
                return text
            wanted = f"one of {', '.join(self.choices)}" + (f", or {self.others}" if self.others else "")
            raise self._refuse(name, value, wanted, near(text, self.choices))
        if self.kind == "bool":
            text = str(value).casefold()
            if text in _TRUE + _FALSE:
                return text in _TRUE
            raise self._refuse(name, value, "true or false")
        if self.kind == "file":
            if isinstance(value, str):
                return value
            raise self._refuse(name, value, "a file name")
        if self.kind == "frames":
            try:
                if isinstance(value, str):
                    return tuple(int(v) for v in value.split(",")) if value.strip() else ()
                return tuple(int(v) for v in value)  # type: ignore[attr-defined]
            except (TypeError, ValueError):
                raise self._refuse(name, value, "frame numbers") from None
        return self._number(name, value)

    def _curve(self, name: str, value: Curve | Mapping[Any, Any]) -> Curve:
        if self.kind != "float" or not self.animatable:
            raise KnobError(f"knob '{name}' has one value for all frames, and cannot change over time")
        try:
            if isinstance(value, Curve):
                keys = list(value.keys)
            else:
                keys = [Key(frame, value[text]) for frame, text in sorted((int(t), t) for t in value)]
        except (TypeError, ValueError):
            keys = []
        if not keys:
            raise self._refuse(name, value, "a number, or a table of frames and numbers")
        return Curve(tuple(k._replace(value=self._number(name, k.value)) for k in keys))

    def _number(self, name: str, value: object) -> float | int:
        kind = int if self.kind == "int" else float
        wanted = ("a whole number" if kind is int else "a number") + (f' or "{AUTO}"' if self.auto else "")
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self._refuse(name, value, wanted)
        if kind is int and isinstance(value, float) and not value.is_integer():
            raise self._refuse(name, value, wanted)
        try:
            number = kind(value)
        except (ValueError, OverflowError):
            raise self._refuse(name, value, wanted) from None
        low, high = self.hard
        if not low <= number <= high:
            raise self._refuse(
                name, value, f"{wanted} from {low:g} to {high:g}{self.unit and ' ' + self.unit}"
            )
        return number

    @staticmethod
    def _refuse(name: str, value: object, wanted: str, hint: str = "") -> KnobError:
        return KnobError(f"knob '{name}' is {wanted}, not {value!r}{hint}")


@dataclass(frozen=True)
class Button:
    """The declaration of a button: it sets a knob to what the node finds in the frame shown (`Node.find`).

    name: what requests and scripts call it. knob: the name of the knob that it sets. found: the sentence that
    tells of it, with {frame} for the frame's number and {value} for what was found. ending: of the file that
    a text which was found is written to, of a "file" knob, which gets its name; empty for other knobs.
    """

    name: str
    label: str
    help: str
    knob: str
    found: str
    ending: str = ""


def knob(default: Value, kind: KnobKind, label: str, help: str, **facts: Any) -> Any:
    """Declare a knob as a dataclass field; `facts` are the further fields of Knob."""
    return dataclasses.field(default=default, metadata={"knob": Knob(kind, label, help, **facts)})


def knobs_of(node: type) -> dict[str, Knob]:
    """The knobs of a node class by name, in the order in which they are declared."""
    return {f.name: f.metadata["knob"] for f in dataclasses.fields(node) if "knob" in f.metadata}


def defaults_of(node: type) -> dict[str, Value]:
    """The default value of each knob of a node class."""
    return {name: getattr(node, name) for name in knobs_of(node)}
