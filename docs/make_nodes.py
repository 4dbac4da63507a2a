"""Write docs/nodes.md, the node reference, from the nodes' own declarations: `make nodes`."""

from __future__ import annotations

from pathlib import Path

from interneg.knobs import defaults_of, knobs_of
from interneg.node import Node
from interneg.nodes import OWN
from interneg.plugin.facts.nodes import facts_of, summary

PAGE = Path(__file__).with_name("nodes.md")


def page() -> str:
    """The whole reference as Markdown."""
    head = "# Nodes\n\nMade from the nodes' declarations by `make nodes`; do not edit.\n"
    return "\n".join([head, *(_section(node) for node in OWN.values())])


def _section(node: type[Node]) -> str:
    knobs, defaults = knobs_of(node), defaults_of(node)
    lines = [
        f"## {node.label} (`{node.name}`)",
        "",
        f"{node.help} {summary(facts_of(node))} Version {node.version}.",
        "",
        "| knob | kind | default | limits | what it does |",
        "|---|---|---|---|---|",
    ]
    for name, knob in knobs.items():
        low, high = knob.hard
        limits = ", ".join(knob.choices) or (f"{low:g} to {high:g} {knob.unit}".strip() if high < 1e9 else "")
        default = str(defaults[name]).lower() if knob.kind == "bool" else defaults[name]
        lines.append(f"| `{name}` | {knob.kind} | {default} | {limits} | {knob.help} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
