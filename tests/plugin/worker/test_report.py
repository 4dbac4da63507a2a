from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from interneg.plugin.worker import report


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_reports_lie_with_the_user_s_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert report.folder() == tmp_path / "interneg" / "reports"


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_the_page_is_opened_on_a_desktop_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: asked.append(url) or True)
    page = tmp_path / "a page.html"
    assert not report.opened(page) and asked == []
    monkeypatch.setenv(name, ":0")
    assert report.opened(page) and asked == [f"file://{tmp_path}/a%20page.html"]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert not report.opened(page)
