"""The buttons of nodes, which hosts show beside the knobs."""

from __future__ import annotations

from interneg.node import Node

REPORT = "report"
"""The button that every node has."""

_LABEL = "Report"
_HELP = "Renders the frame shown, and writes a page with the pictures before and after, side by side."


def buttons_of(node: type[Node]) -> dict[str, tuple[str, str]]:
    """The buttons of a node by name, as hosts show them: what stands on each, and its help."""
    return {**{b.name: (b.label, b.help) for b in node.buttons}, REPORT: (_LABEL, _HELP)}
