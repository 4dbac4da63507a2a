from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.tensorrt import has_driver
from interneg.plugin.cli.main import app

run = CliRunner().invoke


def test_json_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "store"))
    made = run(app, ["doctor", "--json"])
    assert made.exit_code == 0, made.output
    facts = json.loads(made.stdout)
    assert {"numpy", "OpenImageIO", "opencolorio", "openvino"} <= facts["packages"].keys()
    assert facts["store"][0] == {"folder": str(tmp_path / "store"), "writable": True}
    assert list(facts["runtimes"]) == list(RUNTIMES)
    if not has_driver():
        assert "no NVIDIA GPU" in facts["runtimes"]["tensorrt-rtx"]["unavailable"]
    opens = facts["runtimes"]["openvino"]["opens"]
    assert opens.keys() == facts["models"].keys()
    assert all(precisions["fp32"] == "" for precisions in opens.values())
    assert facts["memory"]["total_gib"] > 0
    assert facts["colour"]["scene_linear"]


def test_the_screen_names_runtimes_and_the_colour_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    monkeypatch.setattr("interneg.plugin.cli.doctor._models", dict)
    made = run(app, ["doctor"], env={"COLUMNS": "300"})
    assert made.exit_code == 0, made.output
    assert "openvino" in made.stdout
    assert "$OCIO is '" in made.stdout
    assert "GPUs" in made.stdout


def test_the_screen_tells_what_opens_and_numbers_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "store"))
    reason = "small failed its qualification: PSNR 12 dB"
    opens = {"small": {"fp32": "", "int8": reason}, "large": {"fp32": "", "int8": ""}}
    runtime = {"version": "9", "device": "a CPU", "opens": opens, "lacks": {"bf16": "it cannot"}}
    runtimes = {"tensorrt": {"unavailable": "no GPU"}, "openvino": runtime}
    monkeypatch.setattr("interneg.plugin.cli.doctor._runtimes", lambda: runtimes)
    models = {
        "small": "small runs on openvino 9 in fp32 (as asked) on a CPU",
        "large": "cannot be opened: why",
    }
    monkeypatch.setattr("interneg.plugin.cli.doctor._models", lambda: models)
    made = run(app, ["doctor"], env={"COLUMNS": "100"})
    assert made.exit_code == 0, made.output
    small, large = (line for line in made.stdout.splitlines() if line.startswith(("small", "large")))
    assert small.split("  ")[-1].strip() == "openvino fp32 [2]" and "fp32 [1]" in small
    assert "fp32, int8" in large and "nothing [3]" in large
    assert "[1] not int8: MODEL failed its qualification: PSNR 12 dB" in made.stdout
    assert "openvino has no bf16: it cannot" in made.stdout
