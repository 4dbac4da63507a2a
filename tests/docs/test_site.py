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


def test_links_lead_to_where_the_site_has_a_page() -> None:
    pages = {"add-a-node.md", "figures.md", "developers/contributing.md", "developers/training.md"}
    linked = module("site").linked
    text = "[a](docs/add-a-node.md), [c](core/errors.py), [w](https://a.b/c.md), ![p](p.png), [h](#here)"
    shown = "[a](../add-a-node.md), c, [w](https://a.b/c.md), ![p](p.png), [h](#here)"
    assert linked(text, "developers/contributing.md", pages.__contains__) == shown
    text = "[c](../CONTRIBUTING.md#style), [t](../engines/training/README.md), [f](figures.md), [l](lost.md)"
    shown = "[c](developers/contributing.md#style), [t](developers/training.md), [f](figures.md), l"
    assert linked(text, "add-a-node.md", pages.__contains__) == shown


def test_pages_that_are_copied_in_are_in_the_repository_and_in_the_contents() -> None:
    contents = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    for path, place in module("site").COPIED.items():
        assert (DOCS.parent / path).is_file()
        assert f": {place}\n" in contents
