"""How engines are printed: as tables, a row a line where no terminal reads them, and as facts for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interneg.engines.manifest import EngineKey


def named(key: EngineKey) -> str:
    """An engine in the lines that tell of builds."""
    return f"{key.model} {key.precision} {key.profile} {key.target}"


def runtime_of(key: EngineKey) -> str:
    """The runtime that an engine is for, with its version."""
    return f"{key.runtime} {key.version}"


def key_facts(key: EngineKey) -> dict[str, Any]:
    """What identifies an engine, for JSON."""
    return {f: getattr(key, f) for f in key.__struct_fields__}


def mebibytes(size: int) -> str:
    """Bytes as MiB."""
    return f"{size / 2**20:.2f} MiB"


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their titles; what all have in common once, above. Prints nothing without rows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    columns = dict(zip(titles, zip(*rows, strict=True), strict=True))
    # To fit 80 columns: what all rows have in common is said once.
    same = {t: c[0] for t, c in columns.items() if t in ("runtime", "for") and len(set(c) - {""}) < 2}
    for title, value in same.items():
        if value:
            print(f"{title}: {value}")
    table = Table(box=None, pad_edge=False)
    for title in (t for t in titles if t not in same):
        table.add_column(title, overflow="fold", no_wrap=title not in ("for", "plan", "state"))
    for row in rows:
        table.add_row(*(Text(v) for t, v in zip(titles, row, strict=True) if t not in same))
    console = Console(highlight=False)
    # Into a file or a pipe, a row is a line.
    (console if console.is_terminal else Console(width=10_000)).print(table)
