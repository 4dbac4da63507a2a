"""Write docs/nodes.md, the node reference, from the nodes' own declarations: `make nodes`."""

from __future__ import annotations

from pathlib import Path

from interneg.node import Node
from interneg.nodes import OWN
from interneg.plugin.facts.nodes import animatable, facts_of, limits, summary, value

PAGE = Path(__file__).with_name("nodes.md")

HEAD = """# Node reference

<!-- Made from the nodes' declarations by `make nodes`; do not edit. -->

Every knob of every node; `interneg nodes NODE` prints the same table. When to use which node, with pictures:
{pages}.

**Animatable**: *yes* takes keys in hosts, and in recipes a table of frames and values such as
`noise = { 1001 = 10.0, 1020 = 25.0 }`, with straight lines between them. *in hosts* takes keys in hosts only.
*no* has one value for all frames.
"""


def page() -> str:
    """The whole reference as Markdown."""
    shown = (n for n in OWN.values() if (PAGE.parent / "artists" / f"{n.name}.md").is_file())
    pages = ",\n".join(f"[{n.label}](artists/{n.name}.md)" for n in shown)
    return "\n".join([HEAD.replace("{pages}", pages), *(_section(node) for node in OWN.values())])


def _section(node: type[Node]) -> str:
    facts = facts_of(node)
    lines = [
        f"## {node.label} (`{node.name}`)",
        "",
        f"{node.help} {summary(facts)} Version {node.version}.",
        "",
        "| knob | kind | default | limits | animatable | what it does |",
        "|---|---|---|---|---|---|",
    ]
    for k in facts["knobs"]:
        cells = (f"`{k['name']}`", k["kind"], value(k["default"]), limits(k), animatable(k), k["help"])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
