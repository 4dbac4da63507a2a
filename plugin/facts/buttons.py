"""The buttons of nodes, which hosts show beside the knobs."""

from __future__ import annotations

from typing import NamedTuple

from interneg.node import Node

REPORT = "report"
"""The button that every node has."""

ANALYSE = "analyse_shot"
"""The button of each node that can be solved for a whole shot."""


class ButtonFacts(NamedTuple):
    """A button as hosts show it: what stands on it, its help, and whether it looks at every frame."""

    label: str
    help: str
    whole_shot: bool = False


_REPORT = ButtonFacts(
    "Report", "Renders the frame shown, and writes a page with the pictures before and after, side by side."
)
_ANALYSE = ButtonFacts(
    "Analyse shot",
    "Looks at every frame of the clip, so that each can be treated as its whole shot needs it; writes what "
    "it finds as a file, and sets the knob that takes it. It takes as long as a render, can be cancelled, "
    "and then goes on where it stopped.",
    whole_shot=True,
)


def buttons_of(node: type[Node]) -> dict[str, ButtonFacts]:
    """The buttons of a node by name, as hosts show them."""
    own = {b.name: ButtonFacts(b.label, b.help) for b in node.buttons}
    return own | ({} if node.analysis is None else {ANALYSE: _ANALYSE}) | {REPORT: _REPORT}
