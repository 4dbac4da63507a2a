"""How far a result looks: the halo of tiles, the step that they may begin at, and what looks everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from interneg.engines.importing.convention import Convention
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.sizes import Sizes, blobs
from interneg.frame import Pixels

SAME = 1e-5
"""By how much a result may change, in 0..1, and still count as unchanged: a tenth of what tiles may."""

_LEVELS = (0.05, 0.4)
"""Of the noise that a network is told of, where it is told."""

_FAR = (32, 64, 128, 192)
_STEPS = 7
_WHOLE_HALO = 64

Restore = Callable[[Pixels], Pixels]


class Locality(NamedTuple):
    """halo: pixels of the input around a pixel that its result depends on. step: tiles begin at multiples of
    it. everywhere: the operators by which a result depends on the whole picture; empty where it does not.
    change: how far it then still changes, in 0..1.
    """

    halo: int
    step: int
    everywhere: tuple[str, ...]
    change: float = 0.0


def locality(
    graph: RawGraph, model: Any, found: Sizes, how: Convention, report: Callable[[str], None]
) -> Locality:
    """Measure how far results look, by cutting the picture at one side and seeing how far the change goes.

    model: the graph's ONNX, for the names of operators. A graph of one size is given another picture beyond
    the cut instead.
    """
    levels = _LEVELS if graph.signature.noise else (0.0,)

    def restore(planes: Pixels) -> Pixels:
        """The results for all levels of noise, plane on plane: some look farther where it is strong."""
        return np.concatenate([graph.restored(planes, how, sigma) for sigma in levels])

    if graph.signature.size is not None:
        halo, change = _of_one_size(restore, found, how)
        if halo <= (min(found.side) // 2 - found.multiple) // 2:
            return Locality(halo, found.multiple, ())
        quarter = min(found.side) // 4 // found.multiple * found.multiple
        return Locality(quarter, found.multiple, _whole(model), change)
    for far in _FAR:
        for double in range(_STEPS):
            step = found.multiple * 2**double
            if step > max(64, found.multiple):
                break
            report(f"how far it looks: within {far} pixels")
            reach = _from_cuts(restore, found, how, step, far)
            if reach is not None:
                return Locality(reach, step, ())
        if far >= _FAR[1] and _global_operators(model):
            break  # it will not end farther out
    halo = -(-_WHOLE_HALO // found.multiple) * found.multiple
    return Locality(halo, found.multiple, _whole(model), _beside_dark(restore, found, how, halo))


def _beside_dark(restore: Restore, found: Sizes, how: Convention, halo: int) -> float:
    """By how much a tile of a bright half changes where the dark half beside it is cut off at the halo."""
    unit = -(-(halo + 32) // found.multiple) * found.multiple
    picture = _busy(found, (unit, 2 * unit), 13)
    picture[:, :, :unit] *= np.float32(0.2)
    at = unit - halo
    apart = restore(picture)[:, :, at * how.scale :] - restore(np.ascontiguousarray(picture[:, :, at:]))
    return float(np.abs(apart[:, :, halo * how.scale :]).max())


def _from_cuts(restore: Restore, found: Sizes, how: Convention, step: int, far: int) -> int | None:
    """The halo as found from cuts at multiples of `step`; None where `far` is not enough."""
    unit = max(step, found.multiple)
    core = 16
    side = -(-(far + step + core) // unit) * unit + unit
    worst = np.zeros(side)
    for seed, cut in ((11, step), (12, 3 * step)):
        if side - cut < far + core // 2:
            cut = step
        picture = _busy(found, (side, side), seed)
        whole = restore(picture)
        for first in (True, False):
            part = picture[:, cut:, cut:] if first else picture[:, : side - cut, : side - cut]
            made = restore(np.ascontiguousarray(part))
            kept = (
                whole[:, cut * how.scale :, cut * how.scale :]
                if first
                else whole[:, : (side - cut) * how.scale, : (side - cut) * how.scale]
            )
            apart = _blocks(np.abs(made - kept).max(axis=0), how.scale)
            profile = _profile(apart if first else apart[::-1, ::-1])
            worst[: len(profile)] = np.maximum(worst[: len(profile)], profile)
    beyond = np.nonzero(worst[: far + 1] <= SAME)[0]
    return int(beyond[0]) if len(beyond) else None


def _of_one_size(restore: Restore, found: Sizes, how: Convention) -> tuple[int, float]:
    """The halo of a graph of one size, and the change at the far end: one half is another picture."""
    height, width = found.side
    worst = np.zeros(max(height, width))
    change = 0.0
    for seed in (11, 12):
        picture = _busy(found, found.side, seed)
        whole = restore(picture)
        for axis, middle in ((1, height // 2), (2, width // 2)):
            other = picture.copy()
            part = (slice(None),) * axis + (slice(middle, None),)
            other[part] = _busy(found, found.side, seed + 20)[part]
            apart = _blocks(np.abs(restore(other) - whole).max(axis=0), how.scale)
            line = apart.max(axis=2 - axis)[:middle][::-1]
            profile = np.maximum.accumulate(line[::-1])[::-1]
            change = max(change, float(profile[-1]))
            worst[: len(profile)] = np.maximum(worst[: len(profile)], profile)
    beyond = np.nonzero(worst[: min(height, width) // 2] <= SAME)[0]
    return (int(beyond[0]) if len(beyond) else min(height, width)), change


def _busy(found: Sizes, side: tuple[int, int], seed: int) -> Pixels:
    """A picture with detail at every pixel: a network that looks at nothing would seem to look nowhere."""
    planes = blobs(found.planes, side, seed)
    noise = np.random.Generator(np.random.PCG64(seed)).random(planes.shape, np.float32) - np.float32(0.5)
    return np.asarray(np.clip(planes + 0.3 * noise, 0, 1), np.float32)


def _blocks(apart: Pixels, scale: int) -> Pixels:
    """The largest of each block of scale x scale pixels: (H, W) of the input."""
    height, width = (n // scale for n in apart.shape)
    cut = apart[: height * scale, : width * scale]
    return np.asarray(cut.reshape(height, scale, width, scale).max(axis=(1, 3)))


def _profile(apart: Pixels) -> Pixels:
    """For each distance from the cut corner's sides the largest change at that distance or farther."""
    rows, columns = np.indices(apart.shape)
    away = np.minimum(rows, columns)
    largest = np.zeros(min(apart.shape), np.float32)
    np.maximum.at(largest, away.ravel().clip(0, len(largest) - 1), apart.ravel())
    return np.maximum.accumulate(largest[::-1])[::-1]


def _whole(model: Any) -> tuple[str, ...]:
    return _global_operators(model) or ("no operator that is known to",)


def _global_operators(model: Any) -> tuple[str, ...]:
    """The kinds of operator in a graph that look at a whole picture: pooling, means over both sides, norms
    of whole planes, attention, Fourier transforms.
    """
    nodes: Sequence[Any] = model.graph.node
    known = {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "InstanceNormalization", "DFT"}
    kinds = [n.op_type for n in nodes]
    named = dict.fromkeys(k for k in kinds if k in known)
    for k in ("ReduceMean", "ReduceMax", "ReduceSum", "ReduceL2"):
        if k in kinds:
            named[k] = None
    if "Softmax" in kinds and "MatMul" in kinds:
        named["attention (MatMul, Softmax)"] = None
    if any(_aligned(n) for n in nodes if n.op_type == "Resize"):
        named["Resize with align_corners, which drifts against the picture"] = None
    return tuple(named)


def _aligned(resize: Any) -> bool:
    """Whether a Resize lays corners onto corners: where a pixel lies depends on the picture's size."""
    return any(
        a.name == "coordinate_transformation_mode" and a.s == b"align_corners" for a in resize.attribute
    )
