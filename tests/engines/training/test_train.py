import json
import os
import signal
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from interneg.engines.entry_text import toml_text
from interneg.engines.training import export, run, tiles, train
from interneg.engines.training.networks import build

ort = pytest.importorskip("onnxruntime", reason="exported files are run by onnxruntime")


def arguments(pack: Path, out: Path, *more: str) -> list[str]:
    common = [
        "--device",
        "cpu",
        "--batch",
        "2",
        "--warmup",
        "2",
        "--check-every",
        "1000",
        "--save-every",
        "3",
    ]
    return ["lite", "--pack", str(pack), "--out", str(out), *common, *more]


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "whole.pt"
    train.main(arguments(pack, out, "--steps", "6", "--seed", "9"))
    return out


def test_a_resumed_run_ends_like_an_uninterrupted_one(pack: Path, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts.pt"
    args = train.parse(arguments(pack, out, "--steps", "6", "--seed", "9"))
    begun = run.Run(args, tiles.load(pack, torch.device("cpu")))
    for _ in range(3):
        begun.advance()
    begun.save()
    train.main(arguments(pack, out, "--steps", "6", "--seed", "9", "--resume"))
    whole, parts = (torch.load(p, weights_only=True) for p in (trained, out))
    assert whole["step"] == parts["step"] == 6
    for key in ("net", "average"):
        for name, weights in whole[key].items():
            torch.testing.assert_close(parts[key][name], weights, rtol=1e-5, atol=1e-6)


def test_a_checkpoint_carries_its_arguments_and_history(pack: Path, trained: Path, tmp_path: Path) -> None:
    saved = torch.load(trained, weights_only=True)
    assert saved["args"]["seed"] == 9
    assert saved["args"]["network"] == "lite"
    out = tmp_path / "next.pt"
    train.main(arguments(pack, out, "--steps", "1", "--init", str(trained), "--scales", "2"))
    saved = torch.load(out, weights_only=True)
    assert [stage["steps"] for stage in saved["history"]] == [6]
    assert export.total_steps(saved) == 7


def test_the_model_card_names_what_was_trained_on(pack: Path, trained: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.pt"
    train.main(arguments(pack, second, "--init", str(trained), "--steps", "1", "--scales", "2"))
    command = ["lite", str(second), "--catalogue", str(tmp_path), "--scales", "2"]
    kept = tmp_path / "kept.pt"
    torch.save(torch.load(second, weights_only=True) | {"figure": 12.5}, second)
    export.main([*command, "--data", "our own plates (all rights ours)", "--keep", str(kept)])
    before, after = (torch.load(p, weights_only=True) for p in (second, kept))
    assert after["seconds"] == before["seconds"] > 0
    assert after["figure"] == 12.5
    assert set(after) == {"args", "step", "seconds", "figure", "average", "history", "data"}
    told = tomllib.loads((tmp_path / "denoise-sr-lite-x2.toml").read_text())["training"]["data"]
    assert told == ["drawn waves (CC0)", "our own plates (all rights ours)"]
    saved = torch.load(second, weights_only=True)
    torch.save(saved | {"data": []}, second)
    with pytest.raises(SystemExit):
        export.main(command)


def test_averaged_weights_alone_go_on_with_optimisers_begun_anew(
    pack: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "kept.pt"
    saved = torch.load(trained, weights_only=True)
    torch.save({k: saved[k] for k in ("args", "step", "average", "history", "data")}, out)
    args = train.parse(arguments(pack, out, "--resume", "--steps", "8", "--lr", "1e-3", "--lr-end", "1e-3"))
    again = run.Run(args, tiles.load(pack, torch.device("cpu")))
    assert again.step == again.begun == 6
    torch.testing.assert_close(again.net.state_dict(), saved["average"])
    assert [run.rate(step, args, again.begun) for step in (6, 7, 8)] == [5e-4, 1e-3, 1e-3]
    train.main(arguments(pack, out, "--resume", "--steps", "8"))
    saved = torch.load(out, weights_only=True)
    assert saved["step"] == 8 and saved["seconds"] > 0 and saved["data"] == ["drawn waves (CC0)"]


def test_the_rate_holds_and_then_falls(pack: Path) -> None:
    args = train.parse(
        arguments(pack, Path("x"), "--steps", "100", "--cooldown", "50", "--lr", "1", "--lr-end", "0")
    )
    assert [run.rate(step, args) for step in (0, 1, 2, 49, 75, 100)] == [0.5, 1, 1, 1, 0.5, 0]


def test_a_check_logs_its_figures_and_keeps_the_best_weights(pack: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "run.pt", tmp_path / "run.jsonl"
    options = (
        "--steps",
        "2",
        "--check-every",
        "1",
        "--scales",
        "1",
        "--log",
        str(log),
        "--best-by",
        "held x1",
    )
    train.main(arguments(pack, out, *options))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["step"] for line in lines][-2:] == [1, 2]
    best = torch.load(tmp_path / "run.best.pt", weights_only=True)
    assert best["figure"] == max(line["figures"]["held x1"] for line in lines)
    assert "optimisers" not in best and best["data"] == ["drawn waves (CC0)"]


def test_a_stopped_run_is_saved_where_it_stood(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = run.Run.advance

    def once(self: run.Run) -> tuple[int, torch.Tensor]:
        os.kill(os.getpid(), signal.SIGTERM)
        return advance(self)

    monkeypatch.setattr(run.Run, "advance", once)
    out = tmp_path / "stopped.pt"
    train.main(arguments(pack, out, "--steps", "50"))
    assert torch.load(out, weights_only=True)["step"] == 1


def test_sizes_that_jpeg_cannot_tile_are_refused(pack: Path) -> None:
    with pytest.raises(SystemExit):
        train.parse(arguments(pack, Path("x.pt"), "--size", "50"))


def test_training_on_pairs_weighs_how_far_their_results_are_apart(
    pack: Path, trained: Path, tmp_path: Path
) -> None:
    held, losses = tiles.load(pack, torch.device("cpu")), []
    for weight in ("0", "1", "3"):
        options = ("--scales", "1", "--batch", "5", "--pairs", "2", "--init", str(trained))
        args = train.parse(arguments(pack, tmp_path / "x.pt", *options, "--coherence", weight))
        begun = run.Run(args, held)
        losses.append(float(begun.advance()[1]))
        assert f"--pairs 2 --coherence {float(weight)}" in export.command("lite", vars(args))
    none, one, three = losses
    assert one > none
    assert three - none == pytest.approx(3 * (one - none), rel=1e-3)


def test_pairs_must_leave_room_for_other_samples(pack: Path) -> None:
    with pytest.raises(SystemExit):
        train.parse(arguments(pack, Path("x.pt"), "--batch", "4", "--pairs", "2"))


@pytest.mark.parametrize("network", ["lite", "standard"])
@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.filterwarnings("ignore")
def test_export_matches_torch(network: str, scale: int, tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = build(network, (scale,)).state_dict()
    model = export.one_scale(network, weights, scale)
    path = tmp_path / "model.onnx"
    export.write_onnx(model, path)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in ((1, 6, 20, 36), (2, 6, 40, 28)):
        planes = torch.rand(shape)
        with torch.no_grad():
            expected = model(planes).numpy()
        np.testing.assert_allclose(session.run(None, {"planes": planes.numpy()})[0], expected, atol=2e-5)


def test_entries_are_toml(tmp_path: Path) -> None:
    entry = {"name": "x", "weights": {"fp32": {"file": "x.onnx"}}, "quality": {"Set5 x2 PSNR-Y": 1.5}}
    assert tomllib.loads(toml_text(entry)) == entry
