"""What the buttons of nodes do; hosts show them beside the knobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interneg.errors import UsageError, near

if TYPE_CHECKING:
    from interneg.knobs import Button
    from interneg.node import Node
    from interneg.plugin.worker.rendering import Job


REPORT = "report"

_LABEL = "Report"
_HELP = "Renders the frame shown, and writes a page with the pictures before and after, side by side."


def buttons_of(node: type[Node]) -> dict[str, tuple[str, str]]:
    """The buttons of a node by name, as hosts show them: what stands on each, and its help."""
    return {**{b.name: (b.label, b.help) for b in node.buttons}, REPORT: (_LABEL, _HELP)}


@dataclass(frozen=True)
class Outcome:
    """What a button found out: values for knobs, and a sentence for the user."""

    message: str
    knobs: dict[str, Any] = field(default_factory=dict)


def perform(name: str, job: Job) -> Outcome:
    """Do what the button of that name stands for.

    Raises UsageError for a button that the node does not have, and what the node raises.
    """
    there = buttons_of(type(job.node))
    if name not in there:
        raise UsageError(
            f"{job.node.name} has no button '{name}'{near(name, there)}; it has: {', '.join(there)}"
        )
    if name == REPORT:
        return _report(job)
    return _found(job, next(b for b in job.node.buttons if b.name == name))


def _found(job: Job, button: Button) -> Outcome:
    from interneg.frame import Window
    from interneg.node import View

    node, frame = job.node, job.source.frame(job.time)
    view = View(Window((frame,), 0), node.working_space, job.context, node.unpremultiply)
    value = node.find(button.knob, view)
    return Outcome(button.found.format(frame=job.time, value=value), {button.knob: value})


def _report(job: Job) -> Outcome:
    from interneg.plugin.worker.report import folder, opened, write_report

    before, after = job.source.frame(job.time), job.graph.render(job.time)
    page = write_report(folder(), job.node, job.context.colour, before, after)
    return Outcome(f"The report is {page}{'' if opened(page) else ' (open it in a browser)'}")
