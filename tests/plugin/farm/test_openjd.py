"""Bundles are valid by the model of Open Job Description, and run by its own command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import OpenImageIO as oiio
import pytest
import yaml
from openjd.model import decode_job_template
from typer.testing import CliRunner

from interneg.frame import Pixels
from interneg.plugin.cli.main import app
from tests.engines.importing.nets import sharpener

INTERNEG = str(Path(sys.executable).with_name("interneg"))
SLOW = "deflicker | stabilise"


def submitted(*words: object, exit_code: int = 0) -> str:
    done = CliRunner().invoke(app, ["submit", "openjd", *map(str, words)])
    assert done.exit_code == exit_code, done.output
    return done.output


def template(folder: Path) -> Any:
    data: dict[str, Any] = yaml.safe_load((folder / "template.yaml").read_text())
    decode_job_template(template=data, supported_extensions=["TASK_CHUNKING"])  # raises where it is not valid
    return data


def running(job: Path, *words: str, **surroundings: str) -> subprocess.Popen[str]:
    """The command line of Open Job Description on a bundle."""
    command = [
        sys.executable, "-m", "openjd", "run", str(job / "template.yaml"),
        "--job-param", f"file://{job / 'openjd_parameters.yaml'}", *words,
    ]  # fmt: skip
    env = {**os.environ, **surroundings}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)


def told(process: subprocess.Popen[str], code: int = 0) -> str:
    said, _ = process.communicate(timeout=180)
    assert process.returncode == code, said
    return said


def pixels(pattern: str, numbers: range) -> Pixels:
    names = [pattern.replace("####", str(n)) for n in numbers]
    return np.stack([np.asarray(oiio.ImageBuf(name).get_pixels(oiio.FLOAT)) for name in names])


def test_a_bundle_is_valid_and_its_chunks_are_contiguous(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job = plate(), tmp_path / "job"
    said = submitted("deflicker", given, tmp_path / "out" / "p.####.exr", "--chunk", 2, "--dest", job)
    assert f"deadline bundle submit --yes {job}" in said
    made = template(job)
    assert [step["name"] for step in made["steps"]] == ["Render", "Review"]
    assert made["steps"][1]["dependencies"] == [{"dependsOn": "Render"}]
    (frames,) = made["steps"][0]["parameterSpace"]["taskParameterDefinitions"]
    assert frames["type"] == "CHUNK[INT]"
    assert frames["chunks"]["rangeConstraint"] == "CONTIGUOUS"
    args = made["steps"][0]["script"]["actions"]["onRun"]["args"]
    assert args[args.index("--runtime") + 1 : args.index("--runtime") + 4] == [
        "openvino",
        "--precision",
        "fp32",
    ]
    files = yaml.safe_load((job / "asset_references.yaml").read_text())["assetReferences"]["inputs"][
        "filenames"
    ]
    assert files == [given.replace("####", str(n)) for n in range(1001, 1007)]


def test_frames_with_gaps_become_a_list_of_ranges(plate: Callable[..., str], tmp_path: Path) -> None:
    job = tmp_path / "job"
    options = ("--frames", "1001-1006x2,1006", "--chunk", 2, "--dest", job)
    submitted("deflicker", plate(), tmp_path / "o.####.exr", *options)
    (frames,) = template(job)["steps"][0]["parameterSpace"]["taskParameterDefinitions"]
    assert frames == {"name": "Frames", "type": "STRING", "range": ["1001,1003", "1005-1006"]}


def test_a_job_is_called_as_the_clip_is_known(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job = plate([1, 2]), tmp_path / "job"
    submitted("deflicker", given, tmp_path / "o.####.exr", "--dest", job)
    assert template(job)["name"] == f"interneg {Path(given).name}"
    for number in (1, 2):
        file = Path(given.replace("####", f"{number:04d}"))
        file.rename(file.with_name(f"{number:04d}.exr"))
    submitted("deflicker", Path(given).with_name("####.exr"), tmp_path / "o.####.exr", "--dest", job)
    assert template(job)["name"] == f"interneg {Path(given).parent.name}"


def test_a_movie_is_one_task(plate: Callable[..., str], tmp_path: Path) -> None:
    job = tmp_path / "job"
    submitted("deflicker", plate(), tmp_path / "out.mov", "--output-space", "ACEScct", "--dest", job)
    assert "parameterSpace" not in template(job)["steps"][0]


def test_each_node_is_measured_and_solved_before_the_render(
    plate: Callable[..., str], tmp_path: Path
) -> None:
    job = tmp_path / "job"
    recipe = "scratch-inpaint | stabilise | denoise-sr"
    submitted(recipe, plate(), tmp_path / "o.####.exr", "--analyse", "--dest", job)
    after = {s["name"]: [d["dependsOn"] for d in s.get("dependencies", ())] for s in template(job)["steps"]}
    assert list(after) == [
        "Measure scratch-inpaint", "Solve scratch-inpaint", "Measure stabilise", "Solve stabilise",
        "Render", "Review",
    ]  # fmt: skip
    assert list(after.values()) == [[], *([name] for name in list(after)[:-1])]


def test_engines_are_built_first_and_gpus_asked_for(plate: Callable[..., str], tmp_path: Path) -> None:
    fleet, job = tmp_path / "fleet.toml", tmp_path / "job"
    classes = ('[[class]]\nname = "farm"\ngpus = ["L4"]', '[[class]]\nname = "ours"\ngpus = ["RTX 4090"]')
    fleet.write_text("\n".join(classes) + '\nruntime = "tensorrt"\n')
    options = ("--engines", fleet, "--runtime", "tensorrt", "--precision", "fp16", "--gpu-memory", 8)
    submitted("denoise-sr", plate(), tmp_path / "o.####.exr", *options, "--dest", job)
    engines, ours, render, _ = template(job)["steps"]
    for step in (engines, ours):
        assert step["script"]["actions"]["onRun"]["args"] == ["--fleet", "{{Param.Fleet}}"]
    attribute = {"name": "attr.interneg.gpu_class", "anyOf": ["ours"]}
    assert ours["hostRequirements"]["attributes"] == [attribute]
    assert "attributes" not in engines["hostRequirements"]
    assert render["dependencies"] == [{"dependsOn": "Engines"}, {"dependsOn": "Engines ours"}]
    asked = {a["name"]: a["min"] for a in render["hostRequirements"]["amounts"]}
    assert asked["amount.worker.gpu"] == 1
    assert asked["amount.worker.gpu.memory"] == 8192


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--runtime", "auto"), "--runtime auto lets each machine choose"),
        (("--precision", "auto"), "--precision auto lets each machine choose"),
        (("--precision", "fp23"), "there is no precision 'fp23'"),
        (("--name", "x" * 129), "--name: a job's name has 1 to 128 characters, not 129"),
        (("--memory", "nan"), "--memory is a number of GiB above 0, not nan"),
        (("--memory", "inf"), "--memory is a number of GiB above 0, not inf"),
        (("--name", " "), "--name: a job's name has 1 to 128 characters, not 0"),
        (("--chunk", "151"), "at most 150 frames a task"),
        (("--frames", "1001-1099"), "1099"),
        (("--engines", "fleet.toml"), "--engines builds for GPUs"),
        (("--gpu-memory", "8"), "--runtime openvino uses no GPU"),
        (("--analyse",), "the recipe has nothing to analyse"),
    ],
)
def test_what_cannot_be_is_refused(
    plate: Callable[..., str], tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    done = CliRunner().invoke(
        app, ["submit", "openjd", "denoise-sr", plate(), str(tmp_path / "o.####.exr"), *options, "--dry-run"]
    )
    assert done.exit_code in (2, 3)
    assert says in done.output


@pytest.mark.parametrize(
    ("recipe", "output", "options", "says"),
    [
        ("deflicker", "in/plate.####.exr", (), "the output would overwrite the input"),
        ("deflicker", "o.exr", (), "one image cannot hold 6 frames"),
        ("deflicker", "o.####.xyz", (), "'.xyz'"),
        ("scratch-inpaint:defects", "o.####.png", (), "cannot hold the defects AOV"),
        ("deflicker", "o.####.png", ("--depth", "half"), "half"),
        ("deflicker", "o.####.exr", ("--output-space", "ACEScgg"), "did you mean"),
        ("deflicker", "o.####.exr", ("--cuts", "nowhere.edl"), "the cut list nowhere.edl cannot be read"),
        ("deflicker", "there.####.exr", (), "were not written by interneg"),
        (
            "denoise-sr",
            "o.####.exr",
            ("--runtime", "onnxruntime", "--precision", "bf16"),
            "fp32 and int8 only",
        ),
        ("denoise-sr", "o.####.exr", ("--runtime", "tensorrt", "--precision", "bf16"), "fp32, fp16 and int8"),
    ],
)
def test_what_each_task_would_refuse_is_not_sent(
    plate: Callable[..., str], tmp_path: Path, recipe: str, output: str, options: tuple[str, ...], says: str
) -> None:
    given = plate()
    (tmp_path / "there.1003.exr").write_bytes(Path(given.replace("####", "1003")).read_bytes())
    line = ["submit", "openjd", recipe, given, str(tmp_path / output), *options]
    done = CliRunner().invoke(app, [*line, "--dest", str(tmp_path / "job")])
    assert done.exit_code in (2, 3, 6)
    assert says in done.output
    assert not (tmp_path / "job").exists()


def test_hosts_get_the_folder_of_a_model_of_ones_own(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, job = tmp_path / "models", tmp_path / "job"
    models.mkdir()
    monkeypatch.setenv("INTERNEG_MODELS", str(models))
    onnx.save(sharpener().model(), tmp_path / "sharp.onnx")
    said = CliRunner().invoke(app, ["import-model", str(tmp_path / "sharp.onnx"), "--layout", "rgb"])
    assert said.exit_code == 0, said.output
    words = plate([1, 2]), tmp_path / "out.####.exr", "--dest", job
    assert "'shrp'" in submitted("denoise-sr:model=shrp", *words, exit_code=2)
    submitted("denoise-sr:model=sharp", *words)
    made = template(job)
    assert made["jobEnvironments"][0]["variables"]["INTERNEG_MODELS"] == "{{Param.Models}}"
    written = "".join(file.read_text() for file in job.iterdir())
    assert str(models / "sharp.onnx") in written, "it is among the files that the job needs"
    assert re.search(rf"{re.escape(str(models))}\b(?!/)", written), "and the folder is a parameter"


def test_a_dry_run_writes_nothing(plate: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = submitted("deflicker", plate(), out / "p.####.exr", "--dry-run")
    assert "jobtemplate-2023-09" in said
    assert not out.exists()


def test_without_a_client_the_files_stay(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = submitted("deflicker", plate(), tmp_path / "out" / "p.####.exr", exit_code=2)
    assert "the client of AWS Deadline Cloud, is not in the PATH" in said
    (job,) = (tmp_path / "out" / ".interneg" / "farm").iterdir()
    template(job)


def test_further_clips_of_an_analysis_stand_in_the_recipe(plate: Callable[..., str], tmp_path: Path) -> None:
    given = plate()
    options = ("--analyse", "--mask", given, "--dry-run")
    said = submitted("stabilise", given, tmp_path / "o.####.exr", *options, exit_code=2)
    assert "--analyse takes the mask from the recipe file" in said
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('inputs = { mask = "in/plate.####.exr" }\n[[node]]\nname = "stabilise"\n')
    said = submitted(recipe, given, tmp_path / "o.####.exr", "--analyse", "--dry-run")
    assert f"Recipe: {recipe}" in said
    assert "{{Param.Mask}}/{{Param.MaskName}}" in said


def test_a_client_gets_the_bundle(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = tmp_path / "bin" / "deadline"
    client.parent.mkdir()
    client.write_text('#!/bin/sh\necho "got $*"; test -f "$4/template.yaml"\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", f"{client.parent}:/usr/bin:/bin")
    said = submitted("deflicker", plate(), tmp_path / "out" / "p.####.exr")
    assert re.search(r"got bundle submit --yes \S+/out/.interneg/farm/p-[0-9a-f]{8}$", said.strip())


@pytest.mark.slow
def test_two_chunks_at_once_make_what_one_run_makes(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job, recipe = plate(), tmp_path / "job", tmp_path / "recipe.toml"
    recipe.write_text('[[node]]\nname = "deflicker"\n')
    output = str(tmp_path / "farm" / "p.####.exr")
    options = ("--chunk", 3, "--no-review", "--program", INTERNEG, "--dest", job)
    submitted(recipe, given, output, *options)
    recipe.write_text("edited meanwhile")
    chunks = [json.dumps([{"Frames": chunk}]) for chunk in ("1001-1003", "1004-1006")]
    nowhere = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}
    tasks = [running(job, "--step", "Render", "--tasks", chunk, **nowhere) for chunk in chunks]
    for task in tasks:
        said = told(task)
        assert "openjd_progress: 100.0" in said
        assert "openjd_status: " in said
    one = str(tmp_path / "one" / "p.####.exr")
    line = ["render", "deflicker", given, one, "--runtime", "openvino", "--precision", "fp32"]
    assert CliRunner().invoke(app, line).exit_code == 0
    np.testing.assert_array_equal(pixels(output, range(1001, 1007)), pixels(one, range(1001, 1007)))
    assert "3 up to date" in told(running(job, "--step", "Render", "--tasks", chunks[0]))


@pytest.mark.slow
def test_the_whole_job_makes_what_one_machine_makes(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job, output = plate(), tmp_path / "job", str(tmp_path / "farm" / "p.####.exr")
    recipe = "scratch-inpaint | stabilise"
    submitted(recipe, given, output, "--analyse", "--chunk", 3, "--program", INTERNEG, "--dest", job)
    assert "Chunks run: 9" in told(running(job, "--step", "Review", "--run-dependencies"))
    one = str(tmp_path / "one" / "p.####.exr")
    line = ["render", recipe, given, one, "--runtime", "openvino", "--precision", "fp32", "--analyse"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(pixels(output, range(1001, 1007)), pixels(one, range(1001, 1007)))
    page = (tmp_path / "farm" / "p.review" / "review.html").read_text()
    assert 'id="defect-rows"' in page


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["skip", "hold"])
def test_frames_that_are_missing_stop_no_step(plate: Callable[..., str], tmp_path: Path, rule: str) -> None:
    given, job = plate(), tmp_path / "job"
    Path(given.replace("####", "1003")).unlink()
    options = ("--missing", rule, "--program", INTERNEG, "--dest", job)
    submitted("deflicker", given, tmp_path / "out" / "p.####.exr", *options)
    told(running(job, "--step", "Review", "--run-dependencies"))
    assert len(list((tmp_path / "out").glob("*.exr"))) == (5 if rule == "skip" else 6)
    page = (tmp_path / "out" / "p.review" / "review.html").read_text()
    assert "1001-1002,1004-1006, paired by number" in page


@pytest.mark.slow
def test_paths_are_those_of_the_host(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job = plate(), tmp_path / "job"
    mask = Path(given).with_name("mask.exr")
    mask.write_bytes(Path(given.replace("####", "1001")).read_bytes())
    options = ("--mask", mask, "--frames", "1001-1002", "--no-review", "--program", INTERNEG, "--dest", job)
    submitted("deflicker", given, Path(given).parent / "out" / "p.####.exr", *options)
    elsewhere = tmp_path / "elsewhere"
    Path(given).parent.rename(elsewhere)
    rule = {
        "source_path_format": "POSIX",
        "source_path": str(Path(given).parent),
        "destination_path": str(elsewhere),
    }
    rules = {"version": "pathmapping-1.0", "path_mapping_rules": [rule]}
    told(running(job, "--step", "Render", "--path-mapping-rules", json.dumps(rules)))
    assert sorted(p.name for p in (elsewhere / "out").glob("*.exr")) == ["p.1001.exr", "p.1002.exr"]


@pytest.mark.slow
def test_a_task_that_fails_says_why(plate: Callable[..., str], tmp_path: Path) -> None:
    given, job = plate(), tmp_path / "job"
    options = ("--no-review", "--program", INTERNEG, "--dest", job)
    submitted("deflicker", given, tmp_path / "out" / "p.####.exr", *options)
    Path(given.replace("####", "1003")).unlink()
    said = told(running(job, "--step", "Render"), code=1)
    assert re.search(r"openjd_fail: .*1003", said)
    assert "exited with code: 3" in said


@pytest.fixture
def slow_job(plate: Callable[..., str], tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A job that takes some time, and its output."""
    output = str(tmp_path / "out" / "p.####.exr")
    job = tmp_path / "job"
    given = plate(range(1001, 1061), height=192, width=256)
    submitted(SLOW, given, output, "--chunk", 60, "--no-review", "--program", INTERNEG, "--dest", job)
    yield job, output


@pytest.mark.slow
def test_a_cancelled_task_leaves_whole_frames_and_goes_on_later(slow_job: tuple[Path, str]) -> None:
    job, output = slow_job
    task = running(job, "--step", "Render")
    assert task.stdout
    for line in task.stdout:
        if "written" in line:
            break
    task.send_signal(signal.SIGINT)
    said = told(task, code=1)
    assert "exited with code: 130" in said
    written = sorted(Path(output).parent.glob("*.exr"))
    assert 0 < len(written) < 60
    assert all(np.isfinite(np.asarray(oiio.ImageBuf(str(p)).get_pixels(oiio.FLOAT))).all() for p in written)
    again = told(running(job, "--step", "Render"))
    assert f"{60 - len(written)} frames written" in again
    assert f"{len(written)} up to date" in again
