from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.plugin.cli.main import app
from interneg.plugin.worker.client import Client

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def test_without_a_worker_it_says_so() -> None:
    for option in ("--status", "--stop"):
        made = run(app, ["worker", option])
        assert (made.exit_code, made.stdout) == (0, "no worker is running\n")


def test_it_serves_tells_and_stops(runtime: Path) -> None:
    command = [sys.executable, "-m", "interneg.plugin.cli", "worker", "--memory-limit", "123"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while (client := Client.connect("Nuke")) is None:
            assert process.poll() is None
            time.sleep(0.02)
        with client:
            made = run(app, ["worker", "--status"])
            assert made.exit_code == 0
            assert made.stdout.startswith(f"worker {process.pid}, interneg ")
            assert "connected: Nuke\n" in made.stdout and "123 MiB" in made.stdout
            assert f"log: {runtime / 'worker.log'}" in made.stdout
            assert "is running already" in run(app, ["worker"]).stdout
            assert run(app, ["worker", "--stop"]).stdout == f"worker {process.pid} ends\n"
        assert process.wait(20) == 0
        assert process.stderr is not None and "listens at" in process.stderr.read()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [(["--idle", "0"], 2, "limit 'idle'"), (["--memory-limit", "0"], 2, "memory-limit")],
)
def test_limits_are_above_0(options: list[str], code: int, words: str) -> None:
    made = run(app, ["worker", *options])
    assert made.exit_code == code and words in made.stderr


def test_a_folder_that_others_may_enter_is_refused(runtime: Path) -> None:
    runtime.mkdir()
    runtime.chmod(0o755)
    for options in ([], ["--status"], ["--stop"]):
        made = run(app, ["worker", *options])
        assert made.exit_code == 2 and "open to others (mode 0755)" in made.stderr
