"""One name for one thing: no two public classes or types of arrays share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("core", "engines", "nodes", "plugin")


def test_no_two_public_classes_share_a_name() -> None:
    places = defaultdict(list)
    for path in (p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py"))):
        for found in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(found, ast.ClassDef) and not found.name.startswith("_"):
                places[found.name].append(str(path.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
