"""`interneg nodes`: what there is, and what it can be told; all of it read from the knobs."""

from __future__ import annotations

import inspect
import json
import math
import sys
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from interneg.node import Node


def nodes(
    node: Annotated[
        str | None, typer.Argument(help="The node to describe; without it, all are listed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for tools.")] = False,
) -> None:
    """List the nodes, or describe one with all its knobs."""
    from interneg.errors import UsageError, near
    from interneg.nodes import NODES

    if node is not None and node not in NODES:
        raise UsageError(f"there is no node '{node}'{near(node, NODES)}; known are {', '.join(NODES)}")
    chosen = list(NODES.values()) if node is None else [NODES[node]]
    if as_json:
        facts = [facts_of(n) for n in chosen]
        print(json.dumps(facts if node is None else facts[0], indent=2))
    elif node is None:
        _list(chosen)
    else:
        _page(chosen[0])


def facts_of(node: type[Node]) -> dict[str, Any]:
    """A node's facts and knobs as plain data, limits that do not exist as None.

    window: the frames that it looks at beside its own, with the default knobs; farthest: at most, with any.
    models: all that it may use, whatever its knobs.
    """
    from interneg.knobs import defaults_of, knobs_of

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
        "description": _unwrapped(inspect.getdoc(sys.modules[node.__module__]) or ""),
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


def _models(node: type[Node]) -> list[str]:
    from interneg.knobs import knobs_of

    choices = {name: k.choices for name, k in knobs_of(node).items() if k.kind == "choice"}
    settings = (dict(zip(choices, values, strict=True)) for values in product(*choices.values()))
    return list(dict.fromkeys(m for s in settings for m in node.with_knobs(s).models))


def _farthest(node: type[Node]) -> tuple[int, int]:
    """The most frames before and after its own that the node looks at, its whole numbers one at a time."""
    from interneg.knobs import knobs_of

    whole = ((name, k.hard[1]) for name, k in knobs_of(node).items() if k.kind == "int")
    reaches = [
        node().reach,
        *(node.with_knobs({name: int(most)}).reach for name, most in whole if most < 1e6),
    ]
    return max(r[0] for r in reaches), max(r[1] for r in reaches)


def _list(chosen: list[type[Node]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("node", "does", "knobs"):
        table.add_column(column)
    for node in chosen:
        table.add_row(node.name, node.help, ", ".join(k["name"] for k in facts_of(node)["knobs"]))
    Console().print(table)


def _page(node: type[Node]) -> None:
    from rich.console import Console
    from rich.table import Table

    facts, console = facts_of(node), Console()
    console.print(f"{facts['label']} ({facts['name']}, version {facts['version']})", style="bold")
    for text in (facts["description"], summary(facts)):
        console.print(text, markup=False, highlight=False)
        console.print()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    for column in ("knob", "default", "values", "help"):
        table.add_column(column)
    for k in facts["knobs"]:
        table.add_row(k["name"], _text(k["default"]), _values(k), k["help"])
    console.print(table)


def _values(knob: dict[str, Any]) -> str:
    if knob["choices"]:
        return ", ".join(knob["choices"])
    if knob["kind"] == "bool":
        return "true, false"
    low, high = knob["hard"]
    span = {
        (False, False): knob["kind"],
        (True, False): f"{knob['kind']} from {low}",
        (False, True): f"{knob['kind']} to {high}",
        (True, True): f"{low} to {high}",
    }[low is not None, high is not None]
    return " ".join(filter(None, (span, knob["unit"]))) + (" or auto" if knob["auto"] else "")


def _unwrapped(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
