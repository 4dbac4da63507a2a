"""Models against runtimes: the precisions that open, and numbers of notes on those that do not."""

from __future__ import annotations

import re
from typing import Any

from rich.table import Table
from rich.text import Text

from interneg.plugin.doctor.engines import CANNOT_OPEN
from interneg.plugin.doctor.notes import Notes

_NOT_BUILT = "no engine built for this GPU: run build_engines.py, or ask who keeps the store"


def engine_table(facts: dict[str, Any], notes: Notes) -> Table:
    """A row for each model: what runs it by default, and what each runtime opens of it."""
    runtimes = _open_runtimes(facts)
    table = Table(box=None, pad_edge=False)
    table.add_column("model", min_width=max(map(len, facts["models"]), default=0))
    for title in ("by default", *runtimes):
        table.add_column(title, overflow="fold")
    for name, default in facts["models"].items():
        cells = [_cell(r["opens"].get(name, {}), name, notes) for r in runtimes.values()]
        table.add_row(name, Text(_default(name, default, notes)), *cells)
    return table


def engine_lines(facts: dict[str, Any]) -> list[str]:
    """What stands below the table: why what runs by default does, and precisions that a runtime has not."""
    if not facts["models"]:
        return ["the catalogue is empty"]
    models: dict[tuple[str, str], list[str]] = {}
    for model, description in facts["models"].items():
        if not description.startswith(CANNOT_OPEN):
            models.setdefault(_split(model, description), []).append(model)
    several = {runs for runs, _ in models if sum(runs == other for other, _ in models) > 1}
    lines = []
    for (runs, why), names in models.items():
        lines.append(f"{', '.join(names)} on {runs}: {why}" if runs in several else f"{runs}: {why}")
    for name, runtime in _open_runtimes(facts).items():
        for reason in dict.fromkeys(runtime["lacks"].values()):
            precisions = ", ".join(p for p, r in runtime["lacks"].items() if r == reason)
            lines.append(f"{name} has no {precisions}: {reason}")
    return lines


def _open_runtimes(facts: dict[str, Any]) -> dict[str, Any]:
    return {n: r for n, r in facts["runtimes"].items() if "opens" in r}


def _cell(opens: dict[str, str], model: str, notes: Notes) -> Text:
    """The precisions that open; and the numbers of the notes on those that do not."""
    good = [precision for precision, reason in opens.items() if not reason]
    why: dict[str, list[str]] = {}
    for precision, reason in opens.items():
        if reason:
            why.setdefault(_general(reason, model, precision), []).append(precision)
    reasons = [
        reason if reason == _NOT_BUILT else f"not {', '.join(names)}: {reason}"
        for reason, names in why.items()
    ]
    numbers = map(notes.number, reasons)
    return Text(" ".join((",".join(good) or "none", *numbers)))


def _general(reason: str, model: str, precision: str) -> str:
    """A reason without what differs between models, so that all that lack the same share one note."""
    if re.match(r"no tensorrt\S* \S+ engine of ", reason) and "; tensorrt" not in reason:
        return _NOT_BUILT
    general = re.sub(rf"\S*[/\\]\S*{re.escape(model)}[^\s:;,]*", "its file", reason)
    general = re.sub(rf"\b{re.escape(model)}-{precision}-\S+", "its engine", general)
    general = re.sub(rf"\b{re.escape(model)} in {precision} ", "it ", general)
    return re.sub(rf"(?<![\w-]){re.escape(model)}(?![\w-])", "the model", general)


def _default(model: str, description: str, notes: Notes) -> str:
    """ "openvino fp32", or "nothing" with the number of the reason."""
    if description.startswith(CANNOT_OPEN):
        return f"nothing {notes.number(_general(description, model, 'fp32'))}"
    runs, _ = _split(model, description)
    runtime, *_, precision = runs.split()
    return f"{runtime} {precision}"


def _split(model: str, description: str) -> tuple[str, str]:
    """ "openvino 2026.4 in fp32", and why that."""
    # The device stands above, and why another runtime has no engine in that runtime's column.
    runs, _, rest = description.removeprefix(f"{model} runs on ").partition(" (")
    return runs, _general(rest.partition(") on ")[0], model, runs.split()[-1])
