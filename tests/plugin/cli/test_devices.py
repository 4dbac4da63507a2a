"""Renders on several GPUs, each by a process of its own. No GPU is needed to see who renders what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.faults import frames
from interneg.errors import UsageError
from interneg.plugin.cli.devices import devices_of, words_of
from interneg.plugin.cli.main import app

FP32 = ("--precision", "fp32", "--runtime", "openvino")


def started(*words: object, **surroundings: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "interneg.plugin.cli", "render", *map(str, words)]
    env = {**os.environ, **surroundings}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)


def test_devices_are_those_that_cuda_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices_of("0,3") == ["0", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-8a,5")
    assert devices_of("1,0") == ["5", "GPU-8a"]
    for wrong in ("2", "0,0", "a", "", "-1", "0,"):
        with pytest.raises(UsageError, match="--devices"):
            devices_of(wrong)


def test_a_command_line_is_said_again() -> None:
    options = {
        "recipe": "deflicker", "input": "a.mov", "output": None, "settings": ["a.b=1", "c.d=2"],
        "input_space": "ACEScg", "overwrite": True, "analyse": False, "memory": 1.5,
    }  # fmt: skip
    assert words_of(options) == [
        "deflicker", "a.mov", "--set", "a.b=1", "--set", "c.d=2", "--input-space", "ACEScg", "--overwrite",
        "--memory", "1.5",
    ]  # fmt: skip


def test_what_cannot_be_shared_out_is_refused(plate: Callable[..., str], tmp_path: Path) -> None:
    for output, option, says in (
        ("o.mov", "--overwrite", "a movie is written as a whole"),
        ("o.####.exr", "--analyse", "run `interneg analyse` first"),
    ):
        line = ["render", "deflicker", plate(), str(tmp_path / output), "--devices", "0,1", option]
        done = CliRunner().invoke(app, line)
        assert done.exit_code == 2
        assert says in done.output


@pytest.mark.slow
def test_two_devices_make_what_one_makes(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate()
    line = ("deflicker", given, tmp_path / "two" / "p.####.exr", *FP32, "--set", "deflicker.strength=0.7")
    told, _ = (process := started(*line, "--devices", "0,1", CUDA_VISIBLE_DEVICES="4,7")).communicate()
    assert process.returncode == 0, told
    assert "GPU 4: frame 1001 written (1/3" in told
    assert "GPU 7: frame 1006 written (3/3" in told
    assert "openjd_progress: 100.0" in told
    one, _ = (process := started(line[0], given, tmp_path / "one" / "p.####.exr", *line[3:])).communicate()
    assert process.returncode == 0, one
    assert frames(tmp_path / "two") == frames(tmp_path / "one")


@pytest.mark.slow
def test_the_first_failure_is_the_exit_code(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate()
    Path(given.replace("####", "1005")).write_bytes(b"no picture")
    process = started("deflicker", given, tmp_path / "o" / "p.####.exr", *FP32, "--devices", "0,1")
    told, _ = process.communicate()
    assert process.returncode == 3, told
    assert "1005" in told


@pytest.mark.slow
def test_stopped_it_stops_them_all(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate(range(1001, 1101), height=192, width=256)
    process = started(
        "deflicker | stabilise", given, tmp_path / "o" / "p.####.exr", *FP32, "--devices", "0,1"
    )
    assert process.stdout
    for line in process.stdout:
        if "written" in line:
            break
    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=30)  # ends once no process holds the pipe any more
    assert process.returncode == 130, told
    assert 0 < len(frames(tmp_path / "o")) < 100
