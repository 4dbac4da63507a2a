"""How a worker is started: with nothing of the host's, and where that fails the render says why."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_objects import RenderAborted, RenderFailed
from tests.plugin.ofx.plates import clip
from tests.plugin.ofx.workers import WAITING, nothing_left, worker_process, workers

pytestmark = pytest.mark.hosted


@contextmanager
def counted_starts(folder: Path, then: str) -> Iterator[Path]:
    """A runtime folder, and a worker that never answers: it is counted, then its shell runs `then`."""
    run, program, starts = folder / "run", folder / "worker", folder / "starts"
    run.mkdir(mode=0o700)
    program.write_text(f"#!/bin/sh\necho >>{starts}\n{then}\n")
    program.chmod(0o755)
    with setting(INTERNEG_WORKER_DIR=str(run), INTERNEG_WORKER=str(program)):
        yield starts
        for _ in range(100):  # what is killed takes a moment
            if not (left := workers()):
                break
            time.sleep(0.05)
        assert left == []


@pytest.mark.parametrize("then", ["exit 3", "sleep 333 & sleep 334", "exec sleep 333"])
def test_a_failed_start_is_not_tried_again_at_each_frame(
    bundle: Path, runtime: Path, tmp_path: Path, then: str
) -> None:
    with counted_starts(tmp_path, then) as starts, setting(INTERNEG_START_TIMEOUT="1"), Host(bundle) as host:
        instance, messages = host.create(WAITING, clip(1001, 1003)), set()
        for number in (1001, 1002, 1003):
            with pytest.raises(RenderFailed) as failed:
                instance.render(number)
            messages.add(failed.value.message)
        (message,) = messages
        assert message
        assert ("ended as soon as" if then == "exit 3" else "did not answer for 1 seconds") in message
        assert starts.read_text() == "\n"


def test_a_start_is_called_off(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    with counted_starts(tmp_path, "sleep 333 & sleep 334") as starts, Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        for count in (1, 2):
            instance.abort_at = instance.polls + 20
            with pytest.raises(RenderAborted):
                instance.render(1002)
            assert starts.read_text() == count * "\n"


@pytest.mark.parametrize(
    "told", ["", "{", "[]", '{"command": []}', '{"command": [1, 2]}', '{"command": "sh"}']
)
def test_a_bundle_that_does_not_say_how_to_start_the_worker(
    bundle: Path, runtime: Path, tmp_path: Path, told: str
) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    (ours / "Contents/Resources/worker.json").write_text(told)
    (tmp_path / "run").mkdir(mode=0o700)
    with setting(INTERNEG_WORKER="", INTERNEG_WORKER_DIR=str(tmp_path / "run")), Host(ours) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match=r"does not say how .* run `interneg install` again"):
            instance.render(1002)


def test_a_worker_whose_python_is_gone(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    (ours / "Contents/Resources/worker.json").write_text('{"command": ["/gone/python", "-I"]}')
    (tmp_path / "run").mkdir(mode=0o700)
    with setting(INTERNEG_WORKER="", INTERNEG_WORKER_DIR=str(tmp_path / "run")), Host(ours) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match="/gone/python cannot be run: run `interneg install` again"):
            instance.render(1002)


@pytest.mark.parametrize("gpu", ["../x", "-1", "one", "1000", "0 "])
def test_a_gpu_that_is_no_number(bundle: Path, runtime: Path, gpu: str) -> None:
    with setting(INTERNEG_GPU=gpu), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match=f"INTERNEG_GPU is '{gpu}'"):
            instance.render(1002)


def test_a_relative_runtime_folder(bundle: Path, runtime: Path) -> None:
    """The worker would look for it elsewhere."""
    with setting(INTERNEG_WORKER_DIR="run"), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed, match="run is no absolute path"):
            instance.render(1002)


@pytest.mark.parametrize("command", ["/no/such/program", "/bin/false", ""])
def test_no_worker_to_start(bundle: Path, tmp_path: Path, runtime: Path, command: str) -> None:
    folder = tmp_path / "empty"
    folder.mkdir(mode=0o700)
    with setting(INTERNEG_WORKER=command, INTERNEG_WORKER_DIR=str(folder)), Host(bundle) as host:
        told = bundle / "Contents/Resources/worker.json"
        kept = told.read_bytes() if told.exists() else None
        told.unlink(missing_ok=True)
        try:
            instance = host.create(WAITING, clip(1001, 1003))
            with pytest.raises(RenderFailed) as failed:
                instance.render(1002)
            assert failed.value.status == 1
            assert failed.value.message
        finally:
            if kept is not None:
                told.write_bytes(kept)


@pytest.mark.parametrize("wrong", ["open to others", "a link", "a file"])
def test_a_folder_that_is_not_to_be_trusted(bundle: Path, tmp_path: Path, runtime: Path, wrong: str) -> None:
    folder = tmp_path / "folder"
    if wrong == "a file":
        folder.touch()
    elif wrong == "a link":
        (tmp_path / "other").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "other")
    else:
        folder.mkdir()
        folder.chmod(0o755)
    with setting(INTERNEG_WORKER_DIR=str(folder)), Host(bundle) as host:
        instance = host.create(WAITING, clip(1001, 1003))
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        assert failed.value.message and str(folder) in failed.value.message


def test_the_worker_takes_nothing_from_the_host(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    """Neither what hosts set for programs of their own, nor their open files, terminal and children."""
    ours = {
        "LD_LIBRARY_PATH": "/nowhere",
        "LD_PRELOAD": "",
        "PYTHONHOME": "/nowhere",
        "PYTHONPATH": "/nowhere",
    }
    with nothing_left(runtime), setting(**ours), Host(bundle) as host, open(tmp_path / "ours", "w") as file:
        os.set_inheritable(file.fileno(), True)
        host.create(WAITING, clip(1001, 1003)).render(1002)
        process = psutil.Process(worker_process(runtime))
        assert not set(ours) & set(process.environ())
        assert process.cwd() == "/"
        assert str(tmp_path / "ours") not in [f.path for f in process.open_files()]
        assert os.getsid(process.pid) != os.getsid(0)
        assert process.ppid() != os.getpid()
        for stream in (1, 2):
            assert os.readlink(f"/proc/{process.pid}/fd/{stream}") == str(runtime / "worker.log")
