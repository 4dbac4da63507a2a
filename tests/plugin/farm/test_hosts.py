"""What a host of a farm lacks: a network, a home, and the right to write into the store of engines."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from interneg.plugin.cli.main import app

APART = ["unshare", "--map-root-user", "--net", "--mount", "sh", "-c"]
"""A shell without network, whose mounts are its own."""


def works() -> bool:
    trial = "mount -t tmpfs none /mnt && mount -o remount,ro /mnt"
    return shutil.which("unshare") is not None and not subprocess.run([*APART, trial], stderr=-3).returncode


pytestmark = [pytest.mark.slow, pytest.mark.skipif(not works(), reason="no namespaces of Linux here")]


def commands(job: Path) -> list[list[str]]:
    """The command line of each step of a bundle."""
    values = yaml.safe_load((job / "openjd_parameters.yaml").read_text())
    text = (job / "template.yaml").read_text()
    for name, value in values.items():
        text = text.replace(f"{{{{Param.{name}}}}}", str(value))
    template: Any = yaml.safe_load(text.replace("{{Task.Param.Frames}}", values["Frames"]))
    runs = [step["script"]["actions"]["onRun"] for step in template["steps"]]
    return [[run["command"], *run["args"]] for run in runs]


def test_a_task_needs_no_network_no_home_and_writes_nothing_but_its_output(
    plate: Callable[..., str], tmp_path: Path
) -> None:
    job, store, out = tmp_path / "job", tmp_path / "store", tmp_path / "out"
    for folder in (store, out):
        folder.mkdir()
    program = str(Path(sys.executable).with_name("interneg"))
    recipe = "stabilise | denoise-sr:noise=10"
    line = ["submit", "openjd", recipe, plate(), str(out / "p.####.exr"), "--analyse", "--program", program]
    assert CliRunner().invoke(app, [*line, "--dest", str(job)]).exit_code == 0
    read_only = "; ".join(
        f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}"
        for folder in map(shlex.quote, map(str, (store, tmp_path / "in", job)))
    )
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    surroundings |= {"HOME": "/nonexistent", "INTERNEG_ENGINES": str(store)}
    for command in commands(job):
        done = subprocess.run(
            [*APART, f"set -e; {read_only}; exec {shlex.join(command)}"],
            capture_output=True, text=True, env=surroundings, cwd="/", timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert len(list(out.glob("*.exr"))) == 6
    assert (out / "p.review" / "review.html").exists()
    assert list(store.iterdir()) == []
