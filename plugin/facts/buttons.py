"""The buttons of nodes, which hosts show beside the knobs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Button:
    """A button: its name in requests, what stands on it, and the nodes that have it (none named: all)."""

    name: str
    label: str
    help: str
    nodes: tuple[str, ...] = ()

    def is_on(self, node: str) -> bool:
        """Whether the node of that name has it."""
        return not self.nodes or node in self.nodes


BUTTONS = (
    Button(
        "measure_noise", "Measure noise",
        "Measures the noise of the frame shown, and sets the knob Noise to its mean in luma: the same for "
        "every frame from then on.",
        ("denoise-sr",),
    ),
    Button(
        "report", "Report",
        "Renders the frame shown, and writes a page with the pictures before and after, side by side.",
    ),
)  # fmt: skip
"""Every button, in the order in which hosts show them."""
