"""The figures of a comparison as a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from interneg.plugin.qc.figures import Quality, number


def quality_table(quality: Quality, facts: Mapping[str, Any]) -> Table:
    """Every figure with its mean and its worst frame. facts: as of the JSON report."""
    width, height = quality.size
    lines = [
        f"{facts['test']} against {facts['reference']}",
        f"{len(quality.frames)} frames of {width}x{height}, paired by {facts['paired_by']}",
        *(f"{who}: {note}" for who, note in facts["colour"].items()),
    ]
    table = Table(title=Text("\n".join(lines)), title_justify="left", title_style="")
    table.add_column("figure")
    for heading in ("mean", "worst", "frame", "reference"):
        table.add_column(heading, justify="right")
    for m in quality.measures:
        mean, worst, frame = quality.summary(m.name, m.low_is_bad)
        own = number(quality.summary(m.reference).mean) if m.reference else ""
        table.add_row(m.label, number(mean), number(worst), "–" if frame is None else str(frame), own)
    return table
