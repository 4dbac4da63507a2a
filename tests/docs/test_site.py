"""The site's own code, where MkDocs and Griffe are installed: `pip install -e ".[docs]"`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("griffe")

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = """Do something.

planes: (C, H, W) float32, of any range, and so many words that this line is filled to its end, nearly; that
is why it goes on here. much: how much of it, 0..1. Raises InputError for other shapes.
Ended on purpose above. A path is left as it is.

    python -m this
"""
SHOWN = """Do something.

- `planes`: (C, H, W) float32, of any range, and so many words that this line is filled to its end, nearly; \
that is why it goes on here.
- `much`: how much of it, 0..1.

Raises InputError for other shapes.

Ended on purpose above. A path is left as it is.

```text
    python -m this
```"""


def module(name: str) -> ModuleType:
    """A file of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_docstrings_become_lists_and_paragraphs() -> None:
    assert module("docstrings").as_markdown(WRITTEN.rstrip(), 106, {"planes", "much"}) == SHOWN


def test_a_star_in_the_contents_stands_for_pages(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", "first.md", "c.txt"):
        (tmp_path / name).touch()
    nav = [{"All": ["first.md", "*.md"]}, "last.md"]
    assert module("site")._listed(nav, tmp_path) == [{"All": ["first.md", "a.md", "b.md"]}, "last.md"]
