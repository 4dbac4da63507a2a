"""The command by which hosts start the worker."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind

COMMAND = [sys.executable, "-I", "-m", "interneg.plugin.worker"]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "run"))


@pytest.mark.parametrize(("options", "limit"), [([], 77), (["--memory-limit", "123"], 123)])
def test_the_environment_limits_memory_unless_the_command_does(
    monkeypatch: pytest.MonkeyPatch, options: list[str], limit: int
) -> None:
    monkeypatch.setenv("INTERNEG_MEMORY_MB", "77")
    process = subprocess.Popen([*COMMAND, *options])
    try:
        while (client := Client.connect("test")) is None:
            assert process.poll() is None
            time.sleep(0.02)
        with client:
            assert client.ask(Kind.STATUS, {})["limit_mb"] == limit
            client.ask(Kind.STOP, {})
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("wrong", ["0", "2 GB", "-5", "1e3"])
def test_a_limit_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("INTERNEG_MEMORY_MB", wrong)
    done = subprocess.run(COMMAND, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert f"$INTERNEG_MEMORY_MB is '{wrong}': expected a whole number of MiB" in done.stderr
