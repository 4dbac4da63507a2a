"""What the buttons of nodes do; hosts show them beside the knobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interneg.errors import UsageError, near

if TYPE_CHECKING:
    from interneg.plugin.worker.rendering import Job


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


@dataclass(frozen=True)
class Outcome:
    """What a button found out: values for knobs, and a sentence for the user."""

    message: str
    knobs: dict[str, Any] = field(default_factory=dict)


def perform(name: str, job: Job) -> Outcome:
    """Do what the button of that name stands for.

    Raises UsageError for a button that the node does not have, and what the node raises.
    """
    there = [b.name for b in BUTTONS if b.is_on(job.node.name)]
    if name not in there:
        raise UsageError(
            f"{job.node.name} has no button '{name}'{near(name, there)}; it has: {', '.join(there)}"
        )
    return _report(job) if name == "report" else _measure_noise(job)


def _measure_noise(job: Job) -> Outcome:
    from interneg.frame import Window
    from interneg.node import View

    node, frame = job.node, job.source.frame(job.time)
    view = View(Window((frame,), 0), node.working_space, job.context, node.unpremultiply)
    noise = round(node.noise_in(view), 1)  # type: ignore[attr-defined]
    return Outcome(f"The noise of frame {job.time} is {noise:.1f} code values on average.", {"noise": noise})


def _report(job: Job) -> Outcome:
    from interneg.plugin.worker.report import folder, opened, write_report

    before, after = job.source.frame(job.time), job.graph.render(job.time)
    page = write_report(folder(), job.node, job.context.colour, before, after)
    return Outcome(f"The report is {page}{'' if opened(page) else ' (open it in a browser)'}")
