"""Qualification: a golden input through an engine and through an independent fp32 reference, compared.

The reference is OpenCV's DNN module running the model's fp32 ONNX file: an implementation of its own, in the
base install, which no runtime of ours shares code with.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from interneg.engines.manifest import Figures
from interneg.engines.models import Kind, Model, Precision
from interneg.engines.network import Network
from interneg.errors import EngineError
from interneg.frame import Pixels

VERSION = 3
"""Raised when the golden input, the reference or a limit changes: engines then qualify again."""

PEAK = 1.6
"""The largest value of the golden input: what nodes limit a network's input to."""

_SIZE = 96

LIMITS: Mapping[Precision, Figures] = {
    "fp32": Figures(maximum=5e-5, p999=2e-5, mean=5e-6, psnr=105.0, nans=0),
    "bf16": Figures(maximum=0.08, p999=0.03, mean=0.003, psnr=48.0, nans=0),
    "fp16": Figures(maximum=0.02, p999=0.01, mean=0.001, psnr=55.0, nans=0),
    "int8": Figures(maximum=0.2, p999=0.08, mean=0.015, psnr=35.0, nans=0),
}
"""The worst figures that each precision may have, where a model's entry sets none; psnr is the least."""


def golden(channels: int, size: int = _SIZE) -> Pixels:
    """The golden input: (channels, size, 2 * size) float32, the same everywhere.

    channels: 1 and more; size: of each half, in pixels. Left half: a picture in 0..1 (plane 0), of ramps,
    hard edges, a fine grid, noise and film-like grain; right half the same stretched to -0.25..1.6. Planes 1
    and 2 hold colour differences within +-0.3, further ones slow maps in 0..1.
    """
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(size)
    noise = np.random.Generator(np.random.PCG64(5)).random((max(channels, 3), size, size), np.float32) - 0.5
    picture = np.where(y < 0.5, x, 0.2 + 0.6 * ((x + 0.5 * y) % 0.25 > 0.125))
    picture = np.where((x > 0.5) & (y > 0.75), np.indices((size, size)).sum(0) % 2, picture) + 0.05 * noise[0]
    picture = (picture + _grain(picture)).clip(0, 1)
    planes = [np.concatenate((picture, picture * (PEAK + 0.25) - 0.25), 1)]
    for wave in (np.sin(6 * x + 2 * y), np.cos(4 * y - x)):
        planes.append(np.tile(0.25 * wave + 0.05 * noise[len(planes)], 2))
    planes += [np.tile((x + k * y) / (4 + k), 2) for k in range(1, channels - 2)]
    return np.ascontiguousarray(planes[:channels], np.float32)


class GoldenKey(NamedTuple):
    """All that a golden input depends on: of a model its channels, kinds, multiple and size."""

    channels: int
    kinds: tuple[Kind, ...]
    multiple: int
    size: tuple[int, int] | None

    @classmethod
    def of(cls, model: Model) -> GoldenKey:
        """That of a model."""
        return cls(len(model.input.channels), model.input.golden, model.multiple, model.size)

    def planes(self) -> Pixels:
        """The golden input, (C, H, W) float32: of planes of these kinds, or of none, as Denoise-SR has them.

        Of the one size that the model takes, or else as large as that of others, up to a multiple of what it
        takes; mirrored where that is larger.
        """
        planes = driven(self.kinds) if self.kinds else golden(self.channels)
        height, width = self.size or (-(-n // self.multiple) * self.multiple for n in planes.shape[1:])
        more = [(0, max(0, wanted - n)) for wanted, n in zip((height, width), planes.shape[1:], strict=True)]
        if any(after for _, after in more):
            planes = np.pad(planes, [(0, 0), *more], mode="symmetric")
        return np.ascontiguousarray(planes[:, :height, :width])


def golden_of(model: Model) -> Pixels:
    """The golden input of a model, (C, H, W) float32, by the kinds of plane that its entry names."""
    return GoldenKey.of(model).planes()


def driven(kinds: Sequence[Kind], size: int = _SIZE) -> Pixels:
    """A golden input of planes of these kinds, (C, size, 2 * size) float32, the same everywhere.

    Pictures are that of `golden`, each moved a little further; encoded ones are held to 0..1 and as soft as
    photographs are, since networks with attention run wild on grids of single pixels. Differences are small
    noise with spots of +-0.7 and lines, which all have at one place, and fainter ones of their own. Maps are
    slow, 0..1.
    """
    picture = golden(1, size)[0]
    y, x = np.mgrid[0:size, 0 : 2 * size].astype(np.float32)
    noise = np.random.Generator(np.random.PCG64(7)).random((len(kinds) + 1, size, 2 * size), np.float32) - 0.5

    def spots(row: Pixels, strength: float) -> Pixels:
        """One spot in some cells of a grid, of one radius, bright and dark."""
        step = size // 4
        away = np.hypot(x % step - step / 2, y % step - step / 2)
        cell = row[(y // step).astype(int), (x // step).astype(int)]
        level = np.float32(strength) * np.sign(cell) * (np.abs(cell) > 0.3)
        return np.asarray(level * np.clip((row[0, 0] + 0.8) * step / 4 - away, 0, 1), np.float32)

    lines = np.float32(0.3) * (x % (size // 2) < 2)
    shared = np.asarray(spots(noise[-1], 0.7) + lines, np.float32)
    made = []
    for k, kind in enumerate(kinds):
        if kind in ("picture", "encoded"):
            moved = np.roll(picture, (k, 2 * k), (0, 1))
            made.append(_softened(moved.clip(0, 1)) if kind == "encoded" else moved)
        elif kind == "difference":
            made.append((shared + np.roll(spots(noise[k], 0.4), 5 * k, 1) + 0.06 * noise[k]).clip(-1, 1))
        else:
            made.append((x / 2 + (k % 4) * y) / (5 * size) + np.float32(0.2))
    return np.ascontiguousarray(np.stack(made), np.float32)


def _softened(plane: Pixels) -> Pixels:
    """A plane without what is as fine as a pixel: weights 1, 2, 1 in each direction, its edge repeated."""
    wide = np.pad(plane, 1, mode="edge")
    rows = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
    return np.asarray((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 4, np.float32)


def _grain(picture: Pixels) -> Pixels:
    """Grain for the middle third of a picture in 0..1: clumps of two pixels, strongest in the mid-tones."""
    size = len(picture)
    white = np.random.Generator(np.random.PCG64(6)).random((size + 2, size + 2), np.float32) - 0.5
    rows = white[:-2] + 2 * white[1:-1] + white[2:]
    clumps = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 6  # as large as the white noise
    strength = 0.35 * np.sqrt((picture * (1 - picture)).clip(0, 1))
    inside = (np.arange(size) // (size // 3) == 1)[:, np.newaxis]
    return np.asarray(inside * strength * clumps, np.float32)


def reference(model: Model) -> tuple[str, Pixels]:
    """What the reference makes of the golden input, and its name.

    (C, H * scale, W * scale) float32, the model's own output: of an imported model that of the file which it
    was imported from, kept then; else OpenCV's. Raises EngineError where OpenCV cannot run it.
    """
    if model.reference is not None:
        try:
            kept = np.load(io.BytesIO(model.read_file(model.reference)), allow_pickle=False)
        except ValueError as error:
            raise EngineError(
                f"{model.reference.file} is no array of NumPy: {error}; import the model again"
            ) from error
        return "the imported file", np.asarray(kept, np.float32)
    import cv2

    name = f"OpenCV {cv2.__version__} fp32"
    data = np.frombuffer(model.read("fp32"), np.uint8)
    try:
        net = cv2.dnn.readNetFromONNX(data)
        net.setInput(golden_of(model)[np.newaxis])
        return name, np.asarray(net.forward(), np.float32)[0]
    except cv2.error as error:
        raise EngineError(f"{model.name} cannot be qualified, {name} does not run it: {error}") from error


def compare(result: Pixels, expected: Pixels) -> Figures:
    """The figures of a result, (C, H, W) float32 as what is expected; NaN and inf of it are only counted.

    Raises EngineError for another shape, and for a reference that is not finite, which proves nothing.
    """
    if result.shape != expected.shape:
        raise EngineError(f"the result has the shape {result.shape}, the reference's {expected.shape}")
    if not np.isfinite(expected).all():
        raise EngineError(
            "the fp32 reference itself gives NaN or inf on the golden picture: mend the weights"
        )
    finite = np.isfinite(result)
    error = np.abs(result[finite].astype(np.float64) - expected[finite])
    if not error.size:
        return Figures(maximum=math.inf, p999=math.inf, mean=math.inf, psnr=0.0, nans=result.size)
    mse = float(np.mean(error * error))
    return Figures(
        maximum=float(error.max()),
        p999=float(np.quantile(error, 0.999)),
        mean=float(error.mean()),
        psnr=min(10 * math.log10(1 / mse), 200.0) if mse else 200.0,
        nans=int(result.size - finite.sum()),
    )


def failures(figures: Figures, limit: Figures) -> list[str]:
    """What is worse than the limits, in words."""
    found = [f"{figures.nans} values are NaN or inf"] if figures.nans > limit.nans else []
    for field, name in (("maximum", "largest error"), ("p999", "99.9 % error"), ("mean", "mean error")):
        value, most = getattr(figures, field), getattr(limit, field)
        if not value <= most:  # NaN is not
            found.append(f"{name} {value:.2g}, at most {most:g}")
    if not figures.psnr >= limit.psnr:
        found.append(f"PSNR {figures.psnr:.1f} dB, at least {limit.psnr:g}")
    return found


def qualify(model: Model, network: Network, precision: Precision) -> tuple[str, Figures]:
    """Prove a loaded network: the reference's name, and the figures. Raises EngineError where it fails."""
    name, expected = reference(model)
    planes = golden_of(model)
    result = np.empty(network.output_shape(*planes.shape[1:]), np.float32)
    network.infer(planes, result)
    figures = compare(result, expected)
    worse = failures(figures, model.limits.get(precision, LIMITS[precision]))
    if worse:
        reasons = "; ".join(worse)
        raise EngineError(f"{model.name} in {precision} failed its qualification against {name}: {reasons}")
    return name, figures
