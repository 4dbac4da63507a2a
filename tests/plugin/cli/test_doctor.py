from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.engines.runtimes import RUNTIMES
from interneg.plugin.cli.main import app

run = CliRunner().invoke


def test_json_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "store"))
    made = run(app, ["doctor", "--json"])
    assert made.exit_code == 0, made.output
    facts = json.loads(made.stdout)
    assert {"numpy", "OpenImageIO", "opencolorio", "openvino"} <= facts["packages"].keys()
    assert facts["store"] == [{"folder": str(tmp_path / "store"), "writable": True}]
    assert list(facts["runtimes"]) == [*RUNTIMES, "tensorrt"]
    assert "no TensorRT runtime yet; there are openvino," in facts["runtimes"]["tensorrt"]["unavailable"]
    assert "fp32" in facts["runtimes"]["openvino"]["precisions"]
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
