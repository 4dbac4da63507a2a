"""Names that a choice takes beside its own: in hosts, whose lists are fixed, a further choice and a text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from interneg.engine import Engine, ToldEngine
from interneg.errors import KnobError, near
from interneg.knobs import knobs_of
from interneg.node import Node

OWN = "own"
"""The choice that stands for the name in the text beside it."""


def text_name(knob: str) -> str:
    """What the text is called that holds the name."""
    return f"own_{knob}"


def texts_of(node: type[Node]) -> dict[str, str]:
    """The texts that hosts show beside a node's knobs, and the knob that each is for."""
    return {text_name(name): name for name, knob in knobs_of(node).items() if knob.others}


def joined(node: type[Node], values: Mapping[str, object]) -> dict[str, object]:
    """The knobs of a node, from its parameters in a host: of a choice that is "own" the text is the value.

    Raises KnobError where that is empty.
    """
    texts = texts_of(node)
    given = {name: value for name, value in values.items() if name not in texts}
    for text, knob in texts.items():
        if given.get(knob) != OWN:
            continue
        name = str(values.get(text, "")).strip()
        if not name:
            wanted = knobs_of(node)[knob].others
            raise KnobError(f"{node.name}.{knob} is {OWN}, and {text} is empty: write {wanted}")
        given[knob] = name
    return given


def require_known(nodes: Iterable[Node], names: Collection[str]) -> None:
    """Raise KnobError for a node whose choice names a model that there is not. names: of those there are."""
    for node in nodes:
        for knob, declared in knobs_of(type(node)).items():
            value = getattr(node, knob)
            if not declared.others or value in declared.choices or value in names:
                continue
            there = f" ({', '.join(names)})" if names else " (there is none yet: interneg import-model)"
            raise KnobError(
                f"knob '{node.name}.{knob}' is one of {', '.join(declared.choices)}, or "
                f"{declared.others}{there}, not {value!r}{near(value, [*declared.choices, *names])}"
            )


def drawn_by(engines: Iterable[Engine]) -> str:
    """Which models of a render draw what was not photographed, in words; empty where none does."""
    drawing = [e.name for e in engines if isinstance(e, ToldEngine) and e.traits.perceptual]
    if not drawing:
        return ""
    return f"pixels are drawn, not only restored, by {', '.join(drawing)}: trained to please the eye"
