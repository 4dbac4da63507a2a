"""Catalogue entries as text: TOML of plain data, which the standard library reads but does not write."""

from __future__ import annotations

import json
from typing import Any


def toml_value(value: Any) -> str:
    """A TOML literal of a string, number or list of strings."""
    return json.dumps(value, ensure_ascii=False)


def toml_text(entry: dict[str, Any]) -> str:
    """TOML of a dict whose tables are at most two deep."""
    lines = [f"{key} = {toml_value(value)}" for key, value in entry.items() if not isinstance(value, dict)]
    for key, table in entry.items():
        if isinstance(table, dict):
            inner = {f"{key}.{k}": v for k, v in table.items() if isinstance(v, dict)} or {key: table}
            for name, rows in inner.items():
                lines += ["", f"[{name}]"]
                lines += [
                    f"{k if k.isidentifier() else json.dumps(k)} = {toml_value(v)}" for k, v in rows.items()
                ]
    return "\n".join(lines) + "\n"
