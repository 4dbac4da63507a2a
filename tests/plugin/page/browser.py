"""A browser for the tests of pages: a Chromium that is installed, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def opened(page: Path) -> Iterator[Any]:
    """A page of a file, from a browser without network; fails for an error or a request of its scripts."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            context = browser.new_context(viewport={"width": 1000, "height": 900}, accept_downloads=True)
            context.set_offline(True)
            seen = context.new_page()
            wrong: list[str] = []
            seen.on("pageerror", lambda error: wrong.append(str(error)))
            seen.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
            asked: list[str] = []
            seen.on("request", lambda request: asked.append(request.url))
            seen.goto(page.as_uri())
            yield seen
            assert not wrong
            assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [page.as_uri()]
        finally:
            browser.close()
