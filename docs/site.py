"""A hook of MkDocs: links that leave docs/ become the name of the file, since the site has only docs/."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Return the page's text without links to files that the site does not have.

    Broken links within the repository are for tests/docs/test_links.py to find.
    """
    folder = PurePosixPath(page.file.src_uri).parent

    def shown(link: re.Match[str]) -> str:
        target = normpath(str(folder / link[2]))
        return link[0] if files.get_file_from_path(target) else link[1]

    return _LINK.sub(shown, markdown)
