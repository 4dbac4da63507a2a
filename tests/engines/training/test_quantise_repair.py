"""INT8 graphs of Scratch-Inpaint's networks: what they are calibrated with and measured by."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import interneg.engines.catalogue as catalogue
from interneg.defects.context import FILLER
from interneg.defects.detector import CHANNELS
from interneg.engines.qualify import PEAK
from interneg.engines.training import quantise_repair
from interneg.engines.training.filling import held_figures
from interneg.engines.training.find_pack import truth_of
from interneg.engines.training.qdq import Steps
from interneg.engines.training.tiles import load
from interneg.engines.training.trial import Trial

pytest.importorskip("onnxruntime", reason="typed graphs are made with the extra `onnxruntime`")


class Constant(nn.Module):  # type: ignore[misc]
    """Answers with one value, in so many channels."""

    def __init__(self, value: float, channels: int) -> None:
        super().__init__()
        self.value, self.channels = value, channels

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        return torch.full((len(planes), self.channels, *planes.shape[2:]), self.value)


def test_the_network_that_finds_is_measured_by_how_far_it_is_from_the_truth(tmp_path: Path) -> None:
    for name in ("pack", "held"):
        part = tmp_path / name / "0001-0.planes.npy"
        part.parent.mkdir()
        np.save(part, np.random.default_rng(0).random((6, len(CHANNELS), 104, 112)).astype(np.float16))
        np.save(truth_of(part), np.full((6, 2, 104, 112), 51, np.uint8))
    args = argparse.Namespace(pack=tmp_path / "pack", held=tmp_path / "held", samples=5)
    planes, measure = quantise_repair.finding(args)
    assert planes.shape == (5, len(CHANNELS), 96, 96)
    assert measure(Constant(0.3, 2), 1) == pytest.approx([20.0], abs=1e-3)


def test_the_network_that_fills_is_measured_in_the_holes(pack: Path) -> None:
    args = argparse.Namespace(pack=pack, damage=None, samples=8)
    planes, measure = quantise_repair.filling(args)
    assert planes.shape == (8 + 2, 4, 96, 96)
    assert planes[8:, :3].max() < PEAK + 0.3 and planes[8:, :3].min() < -0.2  # as far as a node may go
    nothing = Constant(0.0, 3)
    alone = held_figures(nothing, load(pack, torch.device("cpu"), ()))["held membrane psnr"]
    assert measure(nothing, 1) == pytest.approx([alone], abs=0.01)
    assert measure(Constant(0.3, 3), 1)[0] < alone


def test_the_graph_its_limits_and_what_it_loses_are_written(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in Path(catalogue.__file__).parent.glob(f"{FILLER}*"):
        shutil.copy(file, tmp_path)
    described = tmp_path / f"{FILLER}.toml"
    few = 2

    def widened(trial: Trial, ways: Mapping[str, Steps], limit: float) -> Iterator[tuple[float, str, Steps]]:
        """Of few layers, and wide enough for the golden input, of which drawn waves know nothing."""
        yield 0.5, "min-max", {name: 4 * step for name, step in list(ways["min-max"].items())[-few:]}

    monkeypatch.setattr(quantise_repair, "choose", widened)
    monkeypatch.setattr(quantise_repair, "even", lambda *_: True)
    options = ["--catalogue", str(tmp_path), "--pack", str(pack), "--samples", "8", "--limit", "1"]
    quantise_repair.main([FILLER, *options])
    entry = tomllib.loads(described.read_text())
    assert entry["weights"]["int8"]["file"] == f"{FILLER}-int8.onnx"
    assert abs(entry["quality"][quantise_repair.LOST]) < 1 and entry["limits"]["int8"]["nans"] == 0
    data = (tmp_path / f"{FILLER}-int8.onnx").read_bytes()
    assert entry["weights"]["int8"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert f"{few} of 20 layers in INT8" in capsys.readouterr().out
    answers = iter([False, True])
    monkeypatch.setattr(quantise_repair, "even", lambda *_: next(answers))
    quantise_repair.main([FILLER, *options])
    assert f"{few - 1} of 20 layers in INT8" in capsys.readouterr().out
    monkeypatch.setattr(quantise_repair, "choose", lambda trial, ways, limit: iter([]))
    quantise_repair.main([FILLER, *options])
    entry = tomllib.loads(described.read_text())
    assert "int8" not in entry["weights"] | entry["limits"] | entry["quality"]
    assert not (tmp_path / f"{FILLER}-int8.onnx").exists()


def test_held_windows_have_to_be_named(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        quantise_repair.main(["scratch-inpaint-find", "--catalogue", ".", "--pack", str(pack)])
    assert "--held" in capsys.readouterr().err
