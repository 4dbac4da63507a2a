"""build_engines.py sends the builds of a fleet to a farm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from openjd.model import decode_job_template

ROOT = Path(__file__).parents[3]
FLEET = """
[[class]]
name = "artists"
gpus = ["RTX 4090"]

[[class]]
name = "ours"
gpus = ["L40S"]
runtime = "tensorrt"
"""


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "build_engines.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.toml"
    path.write_text(FLEET)
    return path


def test_a_fleet_is_a_job_with_a_step_for_each_class_that_builds_on_its_gpu(
    fleet: Path, tmp_path: Path
) -> None:
    job = tmp_path / "job"
    done = run("--fleet", fleet, "--store", tmp_path / "store", "--submit", "openjd", "--dest", job)
    assert done.returncode == 0, done.stderr
    data = yaml.safe_load((job / "template.yaml").read_text())
    decode_job_template(template=data, supported_extensions=[])
    assert [step["name"] for step in data["steps"]] == ["Engines", "Engines ours"]
    args = data["steps"][1]["script"]["actions"]["onRun"]["args"]
    assert args == ["--fleet", "{{Param.Fleet}}", "--store", "{{Param.Store}}"]
    assert yaml.safe_load((job / "openjd_parameters.yaml").read_text()) == {
        "Fleet": str(fleet),
        "Store": str(tmp_path / "store"),
    }


@pytest.mark.slow
def test_the_job_builds_what_the_store_lacks(tmp_path: Path) -> None:
    pytest.importorskip("tensorrt_rtx", reason="builds engines without a GPU")
    fleet, job, store = tmp_path / "fleet.toml", tmp_path / "job", tmp_path / "store"
    small = 'models = ["denoise-sr-lite-x1"]\nprecisions = ["fp16"]\nprofiles = ["proxy"]\n'
    fleet.write_text(f'{small}[[class]]\nname = "farm"\ngpus = ["L4"]\n')
    done = run("--fleet", fleet, "--store", store, "--submit", "openjd", "--dest", job)
    assert done.returncode == 0, done.stderr
    program = tmp_path / "bin" / "build_engines.py"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "build_engines.py"} "$@"\n')
    program.chmod(0o755)
    line = [
        sys.executable, "-m", "openjd", "run", str(job / "template.yaml"),
        "--job-param", f"file://{job / 'openjd_parameters.yaml'}", "--step", "Engines",
    ]  # fmt: skip
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    for told in ("1 built in", "1 already in the store"):
        ended = subprocess.run(line, capture_output=True, text=True, timeout=120, env=env)
        assert ended.returncode == 0, ended.stdout
        assert told in ended.stdout, ended.stdout
    assert len(list(store.glob("*.engine"))) == 1


@pytest.mark.parametrize("manager", ["opencue", "deadline"])
def test_a_dry_run_shows_what_others_get(fleet: Path, manager: str) -> None:
    done = run("--fleet", fleet, "--submit", manager, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"--fleet {fleet}" in done.stdout
    assert ("<tags>ours</tags>" if manager == "opencue" else "Group=ours") in done.stdout
    assert not (fleet.parent / ".interneg").exists()


@pytest.mark.parametrize("words", [("--submit", "openjd"), ("--fleet", "{fleet}", "--dest", "d")])
def test_what_is_lacking_is_named(fleet: Path, words: tuple[str, ...]) -> None:
    done = run(*(word.format(fleet=fleet) for word in words))
    assert done.returncode == 2
    assert "--submit goes with --fleet" in done.stderr
