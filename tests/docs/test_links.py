"""The links in the pages lead to files, and the paths in the architecture page exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [p for p in (ROOT / "README.md", ROOT / "CONTRIBUTING.md") if p.is_file()]
PAGES += sorted((ROOT / "docs").rglob("*.md"))

_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
_PATH = re.compile(r"`((?:core|engines|nodes|plugin)/[a-z\d_/.]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    lost = [link for link in _LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert not lost, f"{page.relative_to(ROOT)} links to {lost}"


def test_the_rooms_of_the_architecture_page_exist() -> None:
    named = _PATH.findall((ROOT / "docs" / "architecture.md").read_text())
    lost = [path for path in named if not (ROOT / path).exists()]
    assert len(named) > 20
    assert not lost, f"docs/architecture.md names {lost}"


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_the_picture_of_the_architecture_shows_every_node_and_every_folder_of_core() -> None:
    picture = re.search(r"```text\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.S)
    assert picture
    _, nodes, _, core = re.split(r"├─+┤", picture[1])
    files = [path.name for path in (ROOT / "nodes").glob("*.py") if path.name != "__init__.py"]
    folders = [f"{path.parent.name}/" for path in (ROOT / "core").glob("*/__init__.py")]
    assert len(files) > 2 and len(folders) > 5
    lost = [name for name in files if name not in nodes.split()]
    lost += [name for name in folders if name not in core.split()]
    assert not lost, f"the picture in docs/architecture.md lacks {lost}"
