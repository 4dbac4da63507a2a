"""Hooks of MkDocs: what the site needs beyond its pages.

Some pages of the repository lie outside docs/, and are copied in. Links lead to where a page is in the site;
links to files that the site does not have become the name of the file. A path with a star in `nav` stands for
every page that it fits and that is not named beside it. The folders of the code are laid out as
they are imported, so that the pages of the API find them.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
_ROOT = Path(__file__).parents[1]
_TREE = _ROOT / "build" / "api"
COPIED = {
    "CONTRIBUTING.md": "developers/contributing.md",
    "CHANGELOG.md": "developers/changelog.md",
    "engines/training/README.md": "developers/training.md",
}
"""Where the site has the pages that lie outside docs/, by their path in the repository."""


def on_startup(**_: Any) -> None:
    """Lay out the code in build/api."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shutil.rmtree(_TREE, ignore_errors=True)
    for package, folder in sorted(project["tool"]["setuptools"]["package-dir"].items()):
        place = _TREE / package.replace(".", "/")
        place.mkdir(parents=True)
        for part in (_ROOT / folder).iterdir():
            (place / part.name).symlink_to(part)


def on_config(config: Any) -> Any:
    """Return the settings with all pages in `nav`."""
    config.nav = _listed(config.nav, Path(config.docs_dir))
    return config


def _listed(nav: Any, docs: Path) -> Any:
    """A part of `nav`, with the pages that its paths with a star stand for."""
    if isinstance(nav, dict):
        return {title: _listed(part, docs) for title, part in nav.items()}
    if not isinstance(nav, list):
        return nav
    pages: list[Any] = []
    for part in nav:
        starred = isinstance(part, str) and "*" in part
        found = sorted(page.relative_to(docs).as_posix() for page in docs.glob(part)) if starred else []
        pages += [page for page in found if page not in nav] if starred else [_listed(part, docs)]
    return pages


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Return the site's files with the pages that are copied in."""
    from mkdocs.structure.files import File

    for path, place in COPIED.items():
        text = (_ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Return the page's text with links as the site needs them.

    Broken links within the repository are for tests/docs/test_links.py to find.
    """
    return linked(markdown, page.file.src_uri, lambda place: bool(files.get_file_from_path(place)))


def linked(markdown: str, place: str, has: Callable[[str], bool]) -> str:
    """The text of the page at `place` in the site, its links led to pages that the site `has`."""
    origins = {there: path for path, there in COPIED.items()}
    folder = PurePosixPath(origins.get(place, f"docs/{place}")).parent

    def shown(link: re.Match[str]) -> str:
        target = normpath(str(folder / link[2]))
        there = COPIED.get(target) or target.removeprefix("docs/")
        if (target not in COPIED and not target.startswith("docs/")) or not has(there):
            return link[1]
        return f"[{link[1]}]({relpath(there, PurePosixPath(place).parent)}{link[3] or ''})"

    return _LINK.sub(shown, markdown)
