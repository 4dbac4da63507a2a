"""Write docs/nodes.md, the node reference, from the nodes' own declarations: `make nodes`."""

from __future__ import annotations

from pathlib import Path

from interneg.knobs import defaults_of, knobs_of
from interneg.node import Node
from interneg.nodes import OWN
from interneg.plugin.facts.nodes import facts_of, summary

PAGE = Path(__file__).with_name("nodes.md")

HEAD = """# Node reference

<!-- Made from the nodes' declarations by `make docs`; do not edit. -->

Every knob of every node; `interneg nodes NODE` prints the same. When to use which node, with pictures:
[Denoise-SR](artists/denoise-sr.md), [Deflicker](artists/deflicker.md),
[Scratch-Inpaint](artists/scratch-inpaint.md), [Stabilise](artists/stabilise.md).

**Animatable**: *yes* takes keys in hosts, and in recipes a table of frames and values such as
`noise = { 1001 = 10.0, 1020 = 25.0 }`, with straight lines between them. *in hosts* takes keys in hosts only.
*no* has one value for all frames.
"""


def page() -> str:
    """The whole reference as Markdown."""
    return "\n".join([HEAD, *(_section(node) for node in OWN.values())])


def _section(node: type[Node]) -> str:
    knobs, defaults = knobs_of(node), defaults_of(node)
    lines = [
        f"## {node.label} (`{node.name}`)",
        "",
        f"{node.help} {summary(facts_of(node))} Version {node.version}.",
        "",
        "| knob | kind | default | limits | animatable | what it does |",
        "|---|---|---|---|---|---|",
    ]
    for name, knob in knobs.items():
        low, high = knob.hard
        limits = ", ".join(knob.choices) or (f"{low:g} to {high:g} {knob.unit}".strip() if high < 1e9 else "")
        default = str(defaults[name]).lower() if knob.kind == "bool" else defaults[name]
        animatable = ("yes" if knob.kind == "float" else "in hosts") if knob.animatable else "no"
        lines.append(f"| `{name}` | {knob.kind} | {default} | {limits} | {animatable} | {knob.help} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
