from __future__ import annotations

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from interneg.defects.blend import membrane, spread
from interneg.engines.training import export_fill, fill, hidden, holes, tiles
from interneg.engines.training.dice import Dice
from interneg.engines.training.filler import Fill

pytest.importorskip("onnxruntime", reason="exported files are run by onnxruntime")


def arguments(pack: Path, out: Path, *more: str) -> list[str]:
    common = ["--device", "cpu", "--batch", "2", "--size", "64", "--warmup", "2", "--check-every", "3"]
    return ["--pack", str(pack), "--out", str(out), *common, *more]


@pytest.fixture(scope="module", autouse=True)
def few() -> None:
    fill._COVERS = 40


@pytest.fixture(scope="module")
def trained(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fill") / "whole.pt"
    fill.main(arguments(pack, out, "--steps", "6", "--seed", "9"))
    return out


def test_a_resumed_run_ends_like_an_uninterrupted_one(pack: Path, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "parts.pt"
    args = fill.parse(arguments(pack, out, "--steps", "6", "--seed", "9"))
    begun = fill.FillRun(args, tiles.load(pack, torch.device("cpu"), ()))
    for _ in range(3):
        begun.advance()
    begun.save()
    fill.main(arguments(pack, out, "--steps", "6", "--seed", "9", "--resume"))
    whole, parts = (torch.load(p, weights_only=True) for p in (trained, out))
    assert whole["step"] == parts["step"] == 6
    for name, weights in whole["average"].items():
        torch.testing.assert_close(parts["average"][name], weights, rtol=1e-5, atol=1e-6)


def test_the_entry_tells_command_and_data_and_the_network_is_what_was_trained(
    pack: Path, trained: Path, tmp_path: Path
) -> None:
    export_fill.main([str(trained), "--catalogue", str(tmp_path), "--pack", str(pack)])
    entry = tomllib.loads((tmp_path / "scratch-inpaint-fill.toml").read_text())
    assert entry["training"]["data"] == ["drawn waves (CC0)"]
    assert "--steps 6" in entry["training"]["command"] and entry["training"]["steps"] == 6
    net = Fill()
    net.load_state_dict(torch.load(trained, weights_only=True)["average"])
    planes = torch.rand(1, 4, 40, 56)
    run = cv2.dnn.readNetFromONNX(str(tmp_path / "scratch-inpaint-fill.onnx"))
    run.setInput(planes.numpy())
    with torch.no_grad():
        np.testing.assert_allclose(run.forward(), net(planes).numpy(), atol=1e-5)


def test_a_pixel_depends_on_no_more_than_the_halo() -> None:
    net = Fill().double()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d) and module.bias is not None:
            torch.nn.init.uniform_(module.weight, 0.001, 0.01)
            torch.nn.init.constant_(module.bias, 0.1)
    planes = torch.zeros(1, 4, 8, 512, dtype=torch.double, requires_grad=True)
    for at in range(248, 256):
        (slope,) = torch.autograd.grad(net(planes)[0, :, 4, at].sum(), planes)
        seen = torch.nonzero(slope[0].abs().sum((0, 1)))
        assert at - Fill.halo <= int(seen.min()) and int(seen.max()) <= at + Fill.halo


def test_the_membrane_is_the_one_that_the_node_makes() -> None:
    rng = np.random.default_rng(0)
    picture, hole = rng.random((64, 64, 3), np.float32), rng.random((8, 8)) < 0.3
    hole = np.kron(hole, np.ones((8, 8), bool))
    mine = torch.from_numpy(picture).permute(2, 0, 1)[None]
    gap = torch.from_numpy(np.float32(hole))[None, None]
    for ours, theirs in ((hidden.spread(mine, 1 - gap), spread), (hidden.membrane(mine, gap), membrane)):
        np.testing.assert_allclose(ours[0].permute(1, 2, 0).numpy(), theirs(picture, ~hole), atol=2e-3)


def test_what_is_hidden_is_not_seen_and_the_rest_is_the_picture(pack: Path) -> None:
    given = tiles.load(pack, torch.device("cpu"), ())
    covers = torch.from_numpy(holes.patches(20, 64, 1))
    batch = hidden.hide(given, covers, 6, Dice(3, torch.device("cpu")), soft=False)
    known = batch.hole.expand_as(batch.target) == 0
    noisy = (batch.planes[:, :3] - batch.target)[known].abs()
    assert noisy.median() == 0 and noisy.max() < 0.4
    assert 0.2 < float(batch.hole.mean()) < 0.85
    inside = (batch.planes[:, :3] - batch.target)[~known].abs()
    assert inside.mean() > 0.01


def test_covers_are_seeded_and_have_soft_borders() -> None:
    element = np.zeros((400, 400), np.uint8)
    cv2.circle(element, (200, 200), 60, 255, -1)
    made = holes.covers(30, 64, [element], 4)
    np.testing.assert_array_equal(made, holes.covers(30, 64, [element], 4))
    assert (made != holes.covers(30, 64, [element], 5)).any()
    assert 0.03 < (made > 25).mean() < 0.6
    assert ((made > 25) & (made < 230)).mean() > 0.01
