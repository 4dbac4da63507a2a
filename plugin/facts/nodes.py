"""A node as plain data: its facts and knobs, for commands, docs and hosts."""

from __future__ import annotations

import inspect
import math
import sys
from itertools import product
from typing import Any

from interneg.knobs import defaults_of, knobs_of
from interneg.node import Node


def facts_of(node: type[Node]) -> dict[str, Any]:
    """A node's facts and knobs as plain data, limits that do not exist as None.

    window: the frames that it looks at beside its own, with the default knobs; farthest: at most, with any.
    models: all that it may use, whatever its knobs. description: what its file says of it, without the first
    sentence, which says what `help` does, and without sources.
    """
    defaults = defaults_of(node)
    knobs = [
        {
            "name": name,
            "kind": k.kind,
            "label": k.label,
            "help": k.help,
            "default": defaults[name],
            "unit": k.unit,
            "hard": [v if math.isfinite(v) else None for v in k.hard],
            "slider": list(k.slider),
            "choices": list(k.choices),
            "others": k.others,
            "auto": k.auto,
            "animatable": k.animatable,
        }
        for name, k in knobs_of(node).items()
    ]
    return {
        "name": node.name,
        "label": node.label,
        "help": node.help,
        "version": node.version,
        "working_space": node.working_space.name,
        "window": dict(zip(("before", "after"), node().reach, strict=True)),
        "farthest": dict(zip(("before", "after"), _farthest(node), strict=True)),
        "models": _models(node),
        "layers": node.layers,
        "description": _described(inspect.getdoc(sys.modules[node.__module__]) or ""),
        "knobs": knobs,
    }


_SPACES = {
    "LINEAR_RGB": "scene-linear light",
    "LOG_RGB": "log-encoded red, green and blue",
    "LOG_Y": "log-encoded luma and colour differences",
}
"""The working spaces in words."""


def summary(facts: dict[str, Any]) -> str:
    """How a node works, in sentences, from its facts."""
    frames, most = (
        f"{before} frames before and {after} after its own" if before or after else "one frame at a time"
        for before, after in (facts[k].values() for k in ("window", "farthest"))
    )
    if most != frames:
        frames += f" by default, at up to {most} with other settings"
    models = f" May use the models {', '.join(facts['models'])}." if facts["models"] else " Uses no model."
    return f"{facts['layers']} Computes in {_SPACES[facts['working_space']]}. Looks at {frames}.{models}"


def limits(knob: dict[str, Any]) -> str:
    """The values that a knob of `facts_of` takes, in words."""
    if knob["choices"]:
        return ", ".join(knob["choices"]) + (f", or {knob['others']}" if knob["others"] else "")
    if knob["kind"] == "bool":
        return "true, false"
    low, high = (None if limit is None else value(limit) for limit in knob["hard"])
    span = {
        (False, False): "",
        (True, False): f"from {low}",
        (False, True): f"to {high}",
        (True, True): f"{low} to {high}",
    }[low is not None, high is not None]
    return " ".join(filter(None, (span, knob["unit"]))) + (" or auto" if knob["auto"] else "")


def animatable(knob: dict[str, Any]) -> str:
    """Where the value of a knob of `facts_of` may change over time: "yes", "in hosts" or "no"."""
    if not knob["animatable"]:
        return "no"
    return "yes" if knob["kind"] == "float" else "in hosts"


def value(given: object) -> str:
    """A knob's value as recipes and command lines write it."""
    if isinstance(given, bool):
        return str(given).lower()
    return f"{given:g}" if isinstance(given, float) else str(given)


def _models(node: type[Node]) -> list[str]:
    """The models of all choices, as the other knobs are and with each whole number at its most."""
    choices = {name: k.choices for name, k in knobs_of(node).items() if k.kind == "choice"}
    settings = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    whole = [{}, *({name: most} for name, most in _most(node))]
    return list(dict.fromkeys(m for s in settings for w in whole for m in node.with_knobs({**s, **w}).models))


def _farthest(node: type[Node]) -> tuple[int, int]:
    """The most frames before and after its own that the node looks at, its whole numbers one at a time."""
    reaches = [node().reach, *(node.with_knobs({name: most}).reach for name, most in _most(node))]
    return max(r[0] for r in reaches), max(r[1] for r in reaches)


def _most(node: type[Node]) -> list[tuple[str, int]]:
    """The whole numbers that have a limit, and the most they can be."""
    whole = ((name, k.hard[1]) for name, k in knobs_of(node).items() if k.kind == "int")
    return [(name, int(most)) for name, most in whole if most < 1e6]


def _described(text: str) -> str:
    paragraphs = [" ".join(paragraph.split()) for paragraph in text.split("\n\n")[1:]]
    return "\n\n".join(p for p in paragraphs if not p.startswith("Sources:"))
