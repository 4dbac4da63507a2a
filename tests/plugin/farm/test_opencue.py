"""The job as Cuebot gets it, and its commands, run in the order that its dependencies say.

There is no Cuebot here. The specification is made by OpenCue's own pyoutline; what Cuebot does with it (put
frame numbers into the command, wait for dependencies) is done by the test.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from interneg.plugin.cli.main import app
from interneg.plugin.farm.opencue import TASK

INTERNEG = str(Path(sys.executable).with_name("interneg"))


def written(folder: Path, *words: object) -> ElementTree.Element:
    done = CliRunner().invoke(app, ["submit", "opencue", *map(str, words), "--dest", str(folder)])
    assert done.exit_code == 0, done.output
    return ElementTree.fromstring((folder / "job.xml").read_text())


def texts(root: ElementTree.Element, path: str) -> list[str | None]:
    return [found.text for found in root.iterfind(path)]


def test_layers_depend_on_each_other(plate: Callable[..., str], tmp_path: Path) -> None:
    options = ("--analyse", "--chunk", 4, "--cores", 6, "--memory", 3)
    root = written(tmp_path / "job", "stabilise", plate(), tmp_path / "o.####.exr", *options)
    layers = [layer.attrib["name"] for layer in root.iterfind(".//layer")]
    assert layers == ["Measure_stabilise", "Solve_stabilise", "Render", "Review"]
    assert texts(root, ".//depend/deplayer") == layers[1:]
    assert texts(root, ".//depend/onlayer") == layers[:-1]
    assert {d.attrib["type"] for d in root.iterfind(".//depend")} == {"LAYER_ON_LAYER"}
    assert texts(root, ".//layer/range") == ["1001-1006", "1001", "1001-1006", "1001"]
    assert texts(root, ".//layer/chunk") == ["4", "1", "4", "1"]
    assert texts(root, ".//layer/cores") == ["6.0"] * 4
    assert texts(root, ".//layer/memory") == ["3072m"] * 4
    assert texts(root, ".//maxretries") == ["3"]


def test_gpus_are_asked_for(plate: Callable[..., str], tmp_path: Path) -> None:
    options = ("--runtime", "tensorrt", "--precision", "fp16", "--gpu-memory", 8)
    root = written(tmp_path / "job", "denoise-sr", plate(), tmp_path / "o.####.exr", *options)
    assert texts(root, ".//layer/gpus") == ["1"]
    assert texts(root, ".//layer/gpu_memory") == ["8192m"]


def test_a_layer_runs_the_command_itself(plate: Callable[..., str], tmp_path: Path) -> None:
    """So that Cuebot sees exit 33, which pycuerun would turn into 1."""
    root = written(tmp_path / "job", "deflicker | denoise-sr", plate(), tmp_path / "o.####.exr")
    command = shlex.split(texts(root, ".//cmd")[0] or "")
    assert command[:3] == ["interneg", "render", "deflicker | denoise-sr"]
    assert command[-2:] == ["--frames", TASK]


def test_ranges_with_gaps_are_refused(plate: Callable[..., str], tmp_path: Path) -> None:
    line = [
        "submit",
        "opencue",
        "deflicker",
        plate(),
        str(tmp_path / "o.####.exr"),
        "--frames",
        "1001-1006x2",
    ]
    done = CliRunner().invoke(app, [*line, "--dry-run"])
    assert done.exit_code == 2
    assert "submit each range by itself, or with --chunk 1" in done.output
    assert CliRunner().invoke(app, [*line, "--chunk", "1", "--dry-run"]).exit_code == 0


def test_the_variable_of_the_show_goes_along(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", "ocio://cg-config-latest")
    root = written(tmp_path / "job", "deflicker", plate(), tmp_path / "o.####.exr")
    assert [k.text for k in root.iterfind(".//layer/env/key[@name='OCIO']")] == [
        "ocio://cg-config-latest"
    ] * 2


def test_show_and_shot_are_those_of_the_environment(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("SHOW", "film"), ("SHOT", "sh010"), ("FACILITY", "cloud")):
        monkeypatch.setenv(name, value)
    root = written(tmp_path / "job", "deflicker", plate(), tmp_path / "o.####.exr")
    assert [root.findtext(name) for name in ("show", "shot", "facility")] == ["film", "sh010", "cloud"]


def test_a_farm_that_cannot_be_reached_is_one_line(
    plate: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import opencue

    def unreachable(spec: str) -> None:
        raise opencue.CueException("no Cuebot answers")

    monkeypatch.setattr("opencue.api.launchSpecAndWait", unreachable)
    done = CliRunner().invoke(app, ["submit", "opencue", "deflicker", plate(), str(tmp_path / "o.####.exr")])
    assert done.exit_code == 6
    assert "OpenCue did not take the job: no Cuebot answers" in done.output


@pytest.mark.slow
def test_its_commands_render_the_frames(plate: Callable[..., str], tmp_path: Path) -> None:
    output = tmp_path / "out" / "p with blanks.####.exr"
    options = ("--chunk", 4, "--no-review", "--program", INTERNEG)
    root = written(tmp_path / "job", "deflicker", plate(), output, *options)
    (command,) = texts(root, ".//cmd")
    for first, last in ((1001, 1004), (1005, 1006)):
        line = (command or "").replace("#FRAME_START#", str(first)).replace("#FRAME_END#", str(last))
        subprocess.run(["sh", "-c", line], check=True, env={**os.environ, "HOME": "/nonexistent"})
    assert len(list(output.parent.glob("*.exr"))) == 6
