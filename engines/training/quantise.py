"""Add an explicit Q/DQ INT8 file to a catalogue entry, and measure what it loses.

    python -m interneg.engines.training.quantise denoise-sr-lite-x2 --catalogue engines/catalogue \
        --pack pack.npz --set5 DIR --bsd68 DIR

Symmetric int8 (what TensorRT takes; OpenVINO runs the same file), per-channel weights, percentile
calibration on degraded planes drawn like the training's; the first and last convolution stay in fp32
(design: residuals in fp32). The file is kept only if it loses no more than ``--limit`` dB on the first
figures of its fp32 sibling, both run by OpenVINO. Needs onnx, onnxruntime and openvino.
"""

import argparse
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from interneg.engines.training import evaluate
from interneg.engines.training.degrade import Dice, Mix, draw
from interneg.engines.training.export import sha256, toml_text
from interneg.engines.training.tiles import load


class Samples(CalibrationDataReader):  # type: ignore[misc]
    """Planes float32 (1,6,H,W) for the calibrator."""

    def __init__(self, planes: Tensor) -> None:
        self._left: Iterator[NDArray[np.float32]] = iter([p.numpy() for p in planes.split(1)])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        part = next(self._left, None)
        return None if part is None else {"planes": part}


class Compiled(nn.Module):
    """An ONNX file run by OpenVINO, in the place of a network."""

    def __init__(self, path: Path, multiple: int) -> None:
        super().__init__()
        self.multiple = multiple
        model = ov.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self._request = model.create_infer_request()

    def forward(self, planes: Tensor, scale: int) -> Tensor:
        return torch.from_numpy(self._request.infer({"planes": planes.numpy()})["correction"].copy())


def quantise(source: Path, target: Path, planes: Tensor, percentile: float, kinds: list[str]) -> None:
    """Write the Q/DQ version of an fp32 ONNX file."""
    convolutions = [node.name for node in onnx.load(source).graph.node if node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared), str(target), Samples(planes), quant_format=QuantFormat.QDQ,
            op_types_to_quantize=kinds, per_channel=True,
            activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={
                "ActivationSymmetric": True, "WeightSymmetric": True, "QuantizeBias": False,
                "CalibPercentile": percentile,
            },
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--set5", type=Path)
    parser.add_argument("--bsd68", type=Path)
    parser.add_argument("--percentile", type=float, default=99.99)
    parser.add_argument("--kinds", default="Conv", help="operators to quantise, such as Conv,Add")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--limit", type=float, default=0.1, help="dB that may be lost")
    args = parser.parse_args()
    described = args.catalogue / f"{args.model}.toml"
    entry: dict[str, Any] = tomllib.loads(described.read_text())
    scale = int(entry["scale"])
    source = args.catalogue / entry["weights"]["fp32"]["file"]
    target = args.catalogue / f"{args.model}-int8.onnx"
    tiles = load(args.pack, torch.device("cpu"))
    planes = draw(tiles, scale, 56, args.samples, Dice(7, torch.device("cpu")), Mix()).planes
    quantise(source, target, planes, args.percentile, args.kinds.split(","))
    before = evaluate.public_figures(
        Compiled(source, entry["multiple"]), [scale], args.set5, args.bsd68, quick=False
    )
    after = evaluate.public_figures(
        Compiled(target, entry["multiple"]), [scale], args.set5, args.bsd68, quick=False
    )
    for name in before:
        print(f"{args.model} {name}: fp32 {before[name]:.3f} int8 {after[name]:.3f}")
    lost = max(before[name] - after[name] for name in before)
    if lost > args.limit:
        target.unlink()
        raise SystemExit(f"INT8 loses {lost:.3f} dB, more than {args.limit}: not kept")
    entry["weights"]["int8"] = {"file": target.name, "sha256": sha256(target)}
    entry["quality"] |= {f"{name} int8": round(value, 3) for name, value in after.items()}
    described.write_text(toml_text(entry))


if __name__ == "__main__":
    main()
