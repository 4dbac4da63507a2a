from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from interneg.errors import OutputError, UsageError
from interneg.plugin.worker import place


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("INTERNEG_GPU", raising=False)
    return tmp_path / "run"


def test_the_folder_is_made_for_its_user_alone(runtime: Path) -> None:
    assert place.folder() == runtime
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
    assert place.folder() == runtime


def test_the_session_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERNEG_WORKER_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert place.folder() == tmp_path / "interneg"


def test_a_link_is_refused(runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    runtime.symlink_to(tmp_path / "real")
    with pytest.raises(UsageError, match="is a link or a file"):
        place.folder()


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_open_to_others_is_refused(runtime: Path, mode: int) -> None:
    runtime.mkdir()
    runtime.chmod(mode)
    with pytest.raises(UsageError, match=rf"is open to others \(mode {mode:04o}\)"):
        place.folder()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_somebody_else_is_refused(runtime: Path) -> None:
    runtime.mkdir(mode=0o700)
    os.chown(runtime, 65534, 65534)
    with pytest.raises(UsageError, match="belongs to the user 65534"):
        place.folder()


def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "missing" / "run"))
    with pytest.raises(OutputError, match="cannot be made"):
        place.folder()


def test_each_gpu_has_names_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.stem() == "worker"
    monkeypatch.setenv("INTERNEG_GPU", "1")
    assert place.stem() == "worker-gpu1"
    for wrong in ("../1", "1000", "-1", " 1", "1\n"):
        monkeypatch.setenv("INTERNEG_GPU", wrong)
        with pytest.raises(UsageError, match="expected the number of a GPU"):
            place.stem()


def test_a_peer_of_the_same_user_is_own() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert place.is_own(one)
