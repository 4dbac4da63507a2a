"""An import from the file to the catalogue: read, probed, wrapped, proved, written."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import interneg
from interneg.engine import ONE_SIGMA
from interneg.engines import qualify
from interneg.engines.importing import torch_files
from interneg.engines.importing.card import card_text
from interneg.engines.importing.halving import Halved, halved
from interneg.engines.importing.keeping import keep_entry, named, require_free, write_entry
from interneg.engines.importing.measured import SEAM, EngineFigures, measure
from interneg.engines.importing.probe import Probed, probe
from interneg.engines.importing.reading import read
from interneg.engines.importing.wishes import Wishes, name_of
from interneg.engines.importing.wrapping import INPUT, wrapped
from interneg.engines.models import (
    PERCEPTUAL,
    PICTURE,
    Kind,
    Model,
    load_catalogue,
)
from interneg.engines.training.limits import limits
from interneg.errors import InputError
from interneg.frame import Pixels


class Imported(NamedTuple):
    """An imported model. entry: the TOML. warnings: what the user should know."""

    name: str
    entry: Path
    probed: Probed
    halved: Halved
    measured: EngineFigures
    warnings: tuple[str, ...]


def import_model(
    path: Path,
    wishes: Wishes,
    folder: Path,
    report: Callable[[str], None] = lambda step: None,
    overwrite: bool = False,
) -> Imported:
    """Import an ONNX file into a model folder, which is made where it is not there.

    report: told each step. Raises InputError for a file that cannot be read, EngineError for a model that
    cannot be used, UsageError for what the user has to say, OutputError where the folder cannot be written.
    """
    name = name_of(wishes, path.stem)
    known = load_catalogue()
    require_free(name, known, folder, overwrite)
    model, wishes = _graph(path, wishes, report)
    probed = probe(model, wishes, report)
    form, how, near = probed.signature, probed.how, probed.locality
    weights = wrapped(probed.model, form, how, probed.sizes.less, form.size)
    picture: list[Kind] = ["encoded"] * form.planes
    level: list[Kind] = ["map"] * bool(form.noise)
    kinds = (*picture, *level)
    golden = qualify.GoldenKey(len(kinds), kinds, near.step, form.size).planes()
    sigma = golden[form.planes] if form.noise else 0.0
    expected = probed.graph.restored(golden[: form.planes], how, sigma)
    report("fp16")
    half = halved(weights, golden, expected)
    entry = _entry(name, path, wishes, probed, half, weights, expected, known)
    files = _files(name, weights, half, expected)
    with tempfile.TemporaryDirectory() as staging:
        write_entry(Path(staging), name, files, entry)
        report("proving")
        measured = measure(Path(staging) / f"{name}.toml")
    entry["quality"] |= {
        "seconds per megapixel": round(measured.seconds, 3),
        "MiB per megapixel": round(measured.memory / 2**20, 1),
    }
    warnings = list(probed.warnings)
    if measured.seam is not None and measured.seam > SEAM and not near.everywhere:
        warnings.append(
            f"tiles differ from the whole by up to {measured.seam:.2g}, more than {SEAM:g}: where a frame is "
            "too large for the memory to be one tile, their borders may show"
        )
    if half.weights is None:
        warnings.append(f"it does not hold in fp16 ({half.why}): build its engines in fp32")
    files[f"{name}.md"] = card_text(entry, probed, half, measured, warnings).encode()
    keep_entry(folder, name, files, entry)
    return Imported(name, folder / f"{name}.toml", probed, half, measured, tuple(warnings))


def _graph(path: Path, wishes: Wishes, report: Callable[[str], None]) -> tuple[Any, Wishes]:
    """The graph of a file, and the wishes with what the file says. Raises InputError for another kind."""
    kind = path.suffix.casefold()
    if kind in torch_files.WEIGHTS + torch_files.SCRIPTS:
        return torch_files.graph_of(path, wishes, report)
    if kind != ".onnx":
        known = ", ".join((".onnx", *torch_files.WEIGHTS, *torch_files.SCRIPTS))
        raise InputError(f"{path} is no file of a model that is known here ({known}): export it to ONNX")
    report("reading")
    return read(path), wishes


def _files(name: str, weights: bytes, half: Halved, expected: Pixels) -> dict[str, bytes]:
    files = {f"{name}.onnx": weights, f"{name}-reference.npy": _npy(expected)}
    if half.weights is not None:
        files[f"{name}-fp16.onnx"] = half.weights
    return files


def _npy(array: Pixels) -> bytes:
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def _entry(
    name: str, path: Path, wishes: Wishes, probed: Probed, half: Halved, weights: bytes, expected: Pixels,
    known: Mapping[str, Model],
) -> dict[str, Any]:  # fmt: skip
    form, how, near = probed.signature, probed.how, probed.locality
    colours = ["Y"] if form.planes == 1 else ["R", "G", "B"]
    noise = {"": [], "scalar": [ONE_SIGMA]}.get(form.noise, ["sigma"])
    kind = f" ({wishes.architecture})" if wishes.architecture else ""
    task = wishes.task or ("sr" if how.scale > 1 else "denoise" if form.noise else "restore")
    version = known[name].version + 1 if name in known else 1
    entry: dict[str, Any] = {
        "name": name,
        "version": version,
        "task": task,
        "family": PERCEPTUAL if wishes.perceptual else "fidelity",
        "variant": name,
        "description": f"Imported from {path.name}{kind}: {task}, {how.scale}x.",
        "licence": wishes.licence or "not stated",
        "scale": how.scale,
        "window": 0,
        "multiple": near.step,
        "halo": near.halo,
        "parameters": max(1, sum(int(np.prod(t.dims)) for t in probed.model.graph.initializer)),
        **({"size": list(form.size)} if form.size else {}),
        **({"everywhere": list(near.everywhere)} if near.everywhere else {}),
        "input": {
            "name": INPUT, "dtype": "float32", "layout": "NCHW", "channels": [*colours, *noise],
            "range": "0..1, encoded; sigma in the same units" if noise else "0..1, encoded",
            "golden": ["encoded"] * len(colours) + ["map"] * len(noise),
        },
        "output": {"name": PICTURE, "dtype": "float32", "layout": "NCHW", "channels": colours},
        "weights": {"fp32": named(f"{name}.onnx", weights)},
        "reference": named(f"{name}-reference.npy", _npy(expected)),
        "origin": {
            "file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "made_by": f"interneg {interneg.__version__}", "url": wishes.url,
        },
        "quality": {
            "level shift of flat fields": _round(probed.behaviour.level),
            "colour shift of flat fields": _round(probed.behaviour.colour),
        },
    }  # fmt: skip
    if half.weights is not None and half.figures is not None:
        entry["weights"]["fp16"] = named(f"{name}-fp16.onnx", half.weights)
        entry["quality"]["fp16 PSNR against fp32"] = round(half.figures.psnr, 1)
        entry["limits"] = {"fp16": limits("fp16", [half.figures])}
    return entry


def _round(value: float) -> float:
    return float(f"{value:.3g}")
