from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.tensorrt.driver import has_driver
from interneg.plugin.cli.main import app
from interneg.plugin.doctor.engine_table import engine_lines
from tests.core.colour.colour_configs import with_table

run = CliRunner().invoke


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests run at the same time: what they install, and their workers, are not to be found here."""
    for name in [n for n in os.environ if n.startswith("INTERNEG_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("OFX_PLUGIN_PATH", raising=False)
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "worker"))


def test_json_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "store"))
    made = run(app, ["doctor", "--json"])
    assert made.exit_code == 0, made.output
    facts = json.loads(made.stdout)
    assert {"numpy", "OpenImageIO", "opencolorio", "openvino"} <= facts["packages"].keys()
    assert facts["store"][0] == {"folder": str(tmp_path / "store"), "unmounted": False, "writable": True}
    assert list(facts["runtimes"]) == list(RUNTIMES)
    if not has_driver():
        assert "no NVIDIA GPU" in facts["runtimes"]["tensorrt-rtx"]["unavailable"]
    opens = facts["runtimes"]["openvino"]["opens"]
    assert opens.keys() == facts["models"].keys()
    assert all(precisions["fp32"] == "" for precisions in opens.values())
    assert facts["memory"]["total_gib"] > 0
    assert facts["colour"]["scene_linear"]
    assert facts["nodes"]["deflicker"] == ""


def test_a_share_that_is_not_mounted_is_numbered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "share" / "engines"))
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", dict)
    monkeypatch.setattr("interneg.plugin.doctor.engines.runtimes", dict)
    made = run(app, ["doctor"], env={"COLUMNS": "300"})
    assert f"{tmp_path}/share is not there: mount the share" in made.stdout
    assert "hypothesis" not in made.stdout and "mkdocs" not in made.stdout


def test_look_up_tables_that_are_missing_are_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(with_table(tmp_path)))
    (tmp_path / "luts/g.spi1d").unlink()
    for part in ("models", "runtimes"):
        monkeypatch.setattr(f"interneg.plugin.doctor.engines.{part}", dict)
    made = run(app, ["doctor"], env={"COLUMNS": "300"})
    assert made.exit_code == 0, made.output
    assert "1 look-up table missing [" in made.stdout
    assert "cannot be used until it is there: g.spi1d" in made.stdout


def test_the_screen_names_runtimes_and_the_colour_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", dict)
    monkeypatch.setattr("interneg.nodes.FAILURES", {"mine": "it cannot be imported"})
    made = run(app, ["doctor"], env={"COLUMNS": "300"})
    assert made.exit_code == 0, made.output
    assert "not mine [" in made.stdout and "] it cannot be imported" in made.stdout
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
    monkeypatch.setattr("interneg.plugin.doctor.engines.runtimes", lambda: runtimes)
    models = {
        "small": "small runs on openvino 9 in fp32 (as asked) on a CPU",
        "large": "cannot be opened: why",
    }
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", lambda: models)
    made = run(app, ["doctor"], env={"COLUMNS": "100"})
    assert made.exit_code == 0, made.output
    small, large = (line for line in made.stdout.splitlines() if line.startswith(("small", "large")))
    assert small.split() == ["small", "openvino", "fp32", "fp32", "[1]"], made.stdout
    assert "fp32,int8" in large and "nothing [2]" in large
    assert "\nopenvino 9 in fp32: as asked" in made.stdout
    assert "[1] not int8: the model failed its qualification: PSNR 12 dB" in made.stdout
    assert "openvino has no bf16: it cannot" in made.stdout


def test_models_that_run_alike_for_other_reasons_are_named() -> None:
    models = {
        "one": "one runs on openvino 9 in bf16 (measured 2.0 times as fast as fp32) on a CPU",
        "two": "two runs on openvino 9 in bf16 (measured 3.0 times as fast as fp32) on a CPU",
        "three": "three runs on openvino 9 in fp32 (measured, nothing is faster by a tenth) on a CPU",
    }
    assert engine_lines({"models": models, "runtimes": {}}) == [
        "one on openvino 9 in bf16: measured 2.0 times as fast as fp32",
        "two on openvino 9 in bf16: measured 3.0 times as fast as fp32",
        "openvino 9 in fp32: measured, nothing is faster by a tenth",
    ]


def test_models_that_lack_the_same_share_a_note_and_five_runtimes_fit_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"denoise-sr-{v}-x{s}" for v in ("lite", "standard") for s in (1, 2, 4)]

    def lacks(model: str, precision: str) -> str:
        return (
            f"no tensorrt 10.13 engine of {model} in {precision} for NVIDIA L4 (sm89) in /studio; build it: "
            f"build_engines.py --runtime tensorrt --models {model} --precisions {precision} --targets current"
        )

    def broken(model: str) -> str:
        return f"/studio/{model}-fp16-0123456789ab.json: its blob is truncated"

    facts = {"version": "9", "device": "a device", "lacks": {}}
    runtimes = {
        "tensorrt": facts | {"opens": {n: {p: lacks(n, p) for p in ("fp32", "fp16", "int8")} for n in names}},
        "tensorrt-rtx": facts | {"opens": {n: {"fp32": "", "fp16": broken(n)} for n in names}},
        **{
            n: facts | {"opens": {m: {"fp32": "", "bf16": "", "int8": ""} for m in names}}
            for n in ("openvino", "onnxruntime", "torch")
        },
    }
    monkeypatch.setattr("interneg.plugin.doctor.engines.runtimes", lambda: runtimes)
    models = {
        n: f"{n} runs on openvino 9 in fp32 (as is) on it; not tensorrt: {lacks(n, 'fp16')}" for n in names
    }
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", lambda: models)
    made = run(app, ["doctor"], env={"COLUMNS": "80"})
    assert made.exit_code == 0, made.output
    shown = made.stdout.partition("model ")[2]
    assert "MODEL" not in made.stdout
    assert [n for n in range(1, 9) if f"\n[{n}] " in shown] == [1, 2], made.stdout
    assert "\nopenvino 9 in fp32: as is" in shown
    assert "no engine built for this GPU" in shown
    assert "not fp16: its file: its blob is truncated" in " ".join(shown.split())
    assert max(map(len, made.stdout.splitlines())) <= 80


def test_worker_bundle_and_variables_are_shown_and_what_is_wrong_with_them_is_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interneg.plugin.doctor.engines.runtimes", dict)
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", dict)
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("INTERNEG_RUNTIME", "elsewhere")
    resources = tmp_path / "ofx" / "Interneg.ofx.bundle" / "Contents" / "Resources"
    resources.mkdir(parents=True)
    monkeypatch.setenv("OFX_PLUGIN_PATH", str(tmp_path / "ofx"))
    shown = run(app, ["doctor"], env={"COLUMNS": "300"}).stdout
    assert f"none is running; hosts start one in {tmp_path / 'run'}" in shown
    assert not (tmp_path / "run").exists()
    assert "[1] " in shown and "was not put there by interneg install" in shown
    assert f"INTERNEG_WORKER_DIR={tmp_path / 'run'} (" in shown
    assert "INTERNEG_RUNTIME=elsewhere [2]" in shown and "[2] nothing reads INTERNEG_RUNTIME" in shown
    (resources / "installed.json").write_text('{"version": "9.9", "hosts": ["nuke"], "created": []}')
    (resources / "worker.json").write_text(json.dumps({"command": [sys.executable]}))
    shown = run(app, ["doctor"], env={"COLUMNS": "300"}).stdout
    assert "Interneg.ofx.bundle, interneg 9.9, for nuke" in shown
    (resources / "worker.json").write_text(json.dumps({"command": [str(tmp_path / "python")]}))
    (bundle, *_) = json.loads(run(app, ["doctor", "--json"]).stdout)["bundles"]
    assert "which is not there: install it again" in bundle["problem"]


def test_a_worker_that_runs_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interneg.plugin.doctor.engines.runtimes", dict)
    monkeypatch.setattr("interneg.plugin.doctor.engines.models", dict)
    monkeypatch.setenv("INTERNEG_WORKER_DIR", str(tmp_path / "run"))
    command = [sys.executable, "-m", "interneg.plugin.worker"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as serving:
        try:
            while not (tmp_path / "run" / "worker.sock").exists():
                assert serving.poll() is None
                time.sleep(0.05)
            shown = run(app, ["doctor"], env={"COLUMNS": "300"}).stdout
        finally:
            serving.terminate()
    assert f"process {serving.pid}, interneg " in shown and "worker.log" in shown
