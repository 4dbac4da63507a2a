"""`interneg nodes`: what there is, and what it can be told; all of it read from the knobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

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
    from interneg.plugin.facts.nodes import facts_of

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


def _list(chosen: list[type[Node]]) -> None:
    from rich.console import Console
    from rich.table import Table

    from interneg.plugin.facts.nodes import facts_of

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("node", "does", "knobs"):
        table.add_column(column)
    for node in chosen:
        table.add_row(node.name, node.help, ", ".join(k["name"] for k in facts_of(node)["knobs"]))
    Console().print(table)


def _page(node: type[Node]) -> None:
    from rich.console import Console
    from rich.table import Table

    from interneg.errors import InternegError
    from interneg.knobs import knobs_of
    from interneg.plugin.facts.nodes import animatable, facts_of, limits, summary, value

    facts, console = facts_of(node), Console()
    console.print(f"{facts['label']} ({facts['name']}, version {facts['version']})", style="bold")
    for text in filter(None, (facts["help"], facts["description"], summary(facts))):
        console.print(text, markup=False, highlight=False)
        console.print()
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 1, 0))
    for column in ("knob", "kind", "default", "limits", "animatable", "help"):
        table.add_column(column)
    for k in facts["knobs"]:
        table.add_row(k["name"], k["kind"], value(k["default"]), limits(k), animatable(k), k["help"])
    console.print(table)
    if any(k.others for k in knobs_of(node).values()):
        from interneg.engines.models import load_catalogue

        try:
            own = ", ".join(m.name for m in load_catalogue().values() if m.is_choice)
        except InternegError as error:  # a folder that is not there: the page is the same without it
            own = str(error)
        if own:
            console.print(f"Models of your own: {own}", markup=False, highlight=False)
