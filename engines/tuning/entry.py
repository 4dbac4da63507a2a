"""What comes of a training: a catalogue entry with its graphs and card, proved as an import is."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

import interneg
from interneg.engines import qualify
from interneg.engines.importing.halving import Halved, halved, run_wrapped
from interneg.engines.importing.keeping import keep_entry, named, write_entry
from interneg.engines.importing.measured import EngineFigures, measure
from interneg.engines.models import CORRECTION, Model
from interneg.engines.training.export import CHANNELS_OUT, RANGE, one_scale, write_onnx
from interneg.engines.training.limits import limits


@dataclass(frozen=True)
class TrainedCard:
    """What is told of a trained model.

    start: the model that it began from, whose licence it keeps where none is given. plates: what it was
    trained on. damage, held: how they were damaged, and what was held out.
    figures: PSNR of held-out frames in dB, by what was measured. command: without folders.
    """

    name: str
    start: Model
    plates: Sequence[str]
    damage: str
    held: str
    figures: Mapping[str, float]
    command: str
    steps: int
    minutes: float
    seed: int
    licence: str
    version: int = 1


def keep(told: TrainedCard, weights: Mapping[str, Tensor], folder: Path) -> tuple[Path, EngineFigures]:
    """Write a trained model into a model folder, once an engine of it qualifies here.

    weights: by name, each of its own shape. Returns the entry, and what was measured of the engine. Raises
    EngineError where no runtime here runs it rightly, OutputError where the folder cannot be written.
    """
    start, name = told.start, told.name
    model = one_scale(start.variant, dict(weights), start.scale)
    with tempfile.TemporaryDirectory() as place:
        staging = Path(place)
        write_onnx(model, staging / "made.onnx")
        data = (staging / "made.onnx").read_bytes()
        golden = qualify.golden_of(start)
        half = halved(data, golden, run_wrapped(data, golden, CORRECTION), CORRECTION)
        entry = _entry(told, data, half)
        files = {f"{name}.onnx": data}
        if half.weights is not None:
            files[f"{name}-fp16.onnx"] = half.weights
        write_entry(staging, name, files, entry)
        measured = measure(staging / f"{name}.toml")
    files[f"{name}.md"] = _card(told, entry, half, measured).encode()
    keep_entry(folder, name, files, entry)
    return folder / f"{name}.toml", measured


def _entry(told: TrainedCard, data: bytes, half: Halved) -> dict[str, Any]:
    start, name = told.start, told.name
    base = start.weights["fp32"]
    entry: dict[str, Any] = {
        "name": name, "version": told.version, "task": start.task, "family": start.family,
        "variant": start.variant,
        "description": f"Trained from {start.name} on: {'; '.join(told.plates)}.",
        "licence": told.licence or start.licence, "scale": start.scale, "window": 0,
        "multiple": start.multiple, "halo": start.halo, "parameters": start.parameters,
        "input": {
            "name": "planes", "dtype": "float32", "layout": "NCHW", "channels": list(start.input.channels),
            "range": RANGE,
        },
        "output": {"name": CORRECTION, "dtype": "float32", "layout": "NCHW", "channels": CHANNELS_OUT},
        "weights": {"fp32": named(f"{name}.onnx", data)},
        "training": {
            "command": told.command, "data": [*told.plates, told.damage], "steps": told.steps,
            "seed": told.seed,
        },
        "origin": {
            "file": Path(base.file).name, "sha256": base.sha256,
            "made_by": f"interneg {interneg.__version__}",
        },
        "quality": {f"held-out PSNR, {what}": round(value, 3) for what, value in told.figures.items()},
    }  # fmt: skip
    if half.weights is not None and half.figures is not None:
        entry["weights"]["fp16"] = named(f"{name}-fp16.onnx", half.weights)
        entry["limits"] = {"fp16": limits("fp16", [half.figures])}
    return entry


def _card(told: TrainedCard, entry: Mapping[str, Any], half: Halved, measured: EngineFigures) -> str:
    start = told.start
    fp16 = f"does not hold: {half.why}"
    if half.weights is not None and half.figures is not None:
        fp16 = f"holds, {half.figures.psnr:.0f} dB against fp32"
    facts = {
        "trained from": f"{start.name}, SHA-256 `{start.weights['fp32'].sha256}`",
        "weights": f"SHA-256 `{entry['weights']['fp32']['sha256']}`",
        "trained on": "; ".join(told.plates),
        "damage": told.damage,
        "held out": told.held,
        "training": f"{told.steps:,} steps in {told.minutes:.1f} minutes, by `{told.command}`",
        "made by": f"interneg {interneg.__version__}",
        "licence": entry["licence"],
        "scale": f"{start.scale}x",
        "parameters": f"{start.parameters:,}",
        **{f"held-out PSNR, {what}": f"{value:.2f} dB" for what, value in told.figures.items()},
        "fp16": fp16,
        "time": f"{measured.seconds:.2g} s per megapixel",
        "runs": measured.runs,
    }
    return "\n".join(
        [
            f"# {told.name}", "", entry["description"], "", "| | |", "|---|---|",
            *(f"| {key} | {value} |" for key, value in facts.items()),
            "",
            "Figures are over R, G and B as they are encoded, with a peak of 1, through Denoise-SR, on "
            "frames that neither trained it nor chose its weights. It knows the damage of these plates: on "
            "others, look at the result beside lite and standard.",
        ]
    ) + "\n"  # fmt: skip
