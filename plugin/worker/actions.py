"""What the buttons of nodes do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interneg.errors import OutputError, UsageError, near
from interneg.home import data_folder
from interneg.knobs import Button
from interneg.plugin.facts.buttons import REPORT, buttons_of
from interneg.plugin.worker.request import PreparedRequest
from interneg.publish import replacing


@dataclass(frozen=True)
class ActionResult:
    """What a button found out: values for knobs, and a sentence for the user."""

    message: str
    knobs: dict[str, Any] = field(default_factory=dict)


def perform(name: str, request: PreparedRequest) -> ActionResult:
    """Do what the button of that name, which looks at one frame, stands for.

    Raises UsageError for a button that the node does not have, and what the node raises.
    """
    there = buttons_of(type(request.node))
    if name not in there:
        raise UsageError(
            f"{request.node.name} has no button '{name}'{near(name, there)}; it has: {', '.join(there)}"
        )
    if name == REPORT:
        return _report(request)
    return _found(request, next(b for b in request.node.buttons if b.name == name))


def _found(request: PreparedRequest, button: Button) -> ActionResult:
    from interneg.frame import Window
    from interneg.node import View

    node, frame = request.node, request.source.frame(request.time)
    view = View(Window((frame,), 0), node.working_space, request.context, node.divides)
    value = node.find(button.knob, view)
    if button.ending:
        value = str(written(f"{node.name}-{request.time}", {button.ending: str(value).encode()}))
    return ActionResult(button.found.format(frame=request.time, value=value), {button.knob: value})


def written(name: str, files: Mapping[str, bytes]) -> Path:
    """Write what was found into this user's folder, under a name that tells its content apart; the first one.

    files: the content by the ending. Raises OutputError.
    """
    place = data_folder() / "found"
    first, content = next(iter(files.items()))
    file = place / f"{name}-{hashlib.sha256(content).hexdigest()[:8]}{first}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        for ending, data in files.items():
            with replacing(file if ending == first else file.with_suffix(ending)) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        raise OutputError(f"what was found cannot be written to {place}: {error.strerror}") from error
    return file


def _report(request: PreparedRequest) -> ActionResult:
    from interneg.plugin.worker.report import folder, opened, write_report

    before, after = request.source.frame(request.time), request.graph.render(request.time)
    page = write_report(folder(), request.node, request.context.colour, before, after)
    return ActionResult(f"The report is {page}{'' if opened(page) else ' (open it in a browser)'}")
