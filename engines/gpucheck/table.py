"""The table: one row for a model, case, runtime and precision; as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from interneg.engines.gpucheck.power import Watch
from interneg.publish import write_whole


@dataclass(frozen=True)
class Measured:
    """One line of the table. Times in milliseconds a frame; None where it could not be measured."""

    model: str
    case: str
    runtime: str
    precision: str
    engine_ms: float | None = None
    device_ms: float | None = None
    end_to_end_ms: float | None = None
    vram_mib: float | None = None
    watts: float | None = None
    joules: float | None = None
    note: str = ""

    def powered(self, watch: Watch, frames: int) -> Measured:
        """With the power and energy of `frames` frames; as it is where they were not measured."""
        if watch.joules is None:
            return self
        return replace(self, watts=watch.joules / watch.seconds, joules=watch.joules / frames)

    @property
    def rate(self) -> float | None:
        """End-to-end rate over the bare engine's."""
        if self.engine_ms is None or self.end_to_end_ms is None:
            return None
        return self.engine_ms / self.end_to_end_ms


_TITLES = (
    "model",
    "case",
    "runtime",
    "precision",
    "engine ms",
    "device ms",
    "end to end ms",
    "rate",
    "VRAM MiB",
    "W",
    "J",
    "",
)


def _cells(row: Measured) -> tuple[str, ...]:
    def number(value: float | None, digits: int = 1) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    return (
        row.model, row.case, row.runtime, row.precision, number(row.engine_ms), number(row.device_ms),
        number(row.end_to_end_ms),
        number(row.rate, 2), number(row.vram_mib, 0), number(row.watts, 0), number(row.joules, 2), row.note,
    )  # fmt: skip


def line(row: Measured) -> str:
    """A row as it is shown once it is measured."""
    return " ".join(
        f"{title} {cell}" if title else cell for title, cell in zip(_TITLES, _cells(row), strict=True)
    )


def markdown(rows: list[Measured], facts: Mapping[str, Any], notes: list[str]) -> str:
    """The table, with what it was measured on."""
    lines = [
        f"Measured by `python -m interneg.engines.gpucheck`, Interneg {facts['interneg']}, on "
        f"{facts['gpu'] or 'no GPU'}; {facts['cpu']}; {facts['system']}; "
        + ", ".join(f"{n} {v}" for n, v in facts["runtimes"].items())
        + ".",
        "",
        *(f"- {note}" for note in notes),
        "",
        "| " + " | ".join(_TITLES) + " |",
        "|" + "---|" * len(_TITLES),
        *("| " + " | ".join(_cells(row)) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def write(out: Path, rows: list[Measured], facts: Mapping[str, Any], notes: list[str]) -> str:
    """Write gpucheck.json and gpucheck.md into a folder, whole; the latter's text. Raises OSError."""
    table = markdown(rows, facts, notes)
    facts_and_rows = {"machine": facts, "notes": notes, "rows": [asdict(r) | {"rate": r.rate} for r in rows]}
    for name, text in (("gpucheck.md", table), ("gpucheck.json", json.dumps(facts_and_rows, indent=2))):
        write_whole(out / name, text.encode())
    return table
