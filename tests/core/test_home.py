"""Users without a home: no $HOME and no entry in the list of users, as in containers and on farms."""

import logging
import pwd
from pathlib import Path

import pytest

from interneg.errors import OutputError, UsageError
from interneg.home import cache_folder, data_folder, expanded, home_folder, tell_once


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    tell_once.cache_clear()


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_has_no_cache_which_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert cache_folder() is None and cache_folder() is None
    assert [r.message for r in caplog.records] == [
        "this user has no home folder, so no cache is kept: set $HOME or $XDG_CACHE_HOME to have one"
    ]


@pytest.mark.usefixtures("homeless")
def test_what_needs_a_home_says_so() -> None:
    for asked in (data_folder, home_folder):
        with pytest.raises(OutputError, match=r"no home folder.*set \$HOME"):
            asked()
    with pytest.raises(UsageError, match="~/engines: there is no home folder"):
        expanded("~/engines")
    assert expanded("/engines") == Path("/engines")


def test_folders_of_a_user_with_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert cache_folder() == tmp_path / "cache/interneg"
    assert data_folder() == tmp_path / ".local/share/interneg"
    assert (home_folder(), expanded("~/x")) == (tmp_path, tmp_path / "x")
