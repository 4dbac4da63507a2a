"""What a model does to level and colour, to dark and bright pictures, and to numbers that are no picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.engines.importing.convention import Convention
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.sizes import Sizes, blobs
from interneg.errors import EngineError
from interneg.frame import Pixels
from interneg.resize import reduce

_FLATS = (0.05, 0.2, 0.5, 0.8, 0.95)
_COLOURS = ((0.7, 0.3, 0.3), (0.3, 0.7, 0.3), (0.3, 0.3, 0.7))


class Behaviour(NamedTuple):
    """All in 0..1 of the encoded picture.

    level, colour: the most that a flat field's mean moves, and that its planes move apart. follows: by how
    much the result of a picture at half its brightness differs from half its result: small for a model that
    is linear in light, or knows no absolute level. apart: the root mean square by which a clean picture's
    result, reduced again, differs from it. beyond: what becomes of values outside 0..1: "kept", "held" to
    about 0..1, or "not finite".
    """

    level: float
    colour: float
    follows: float
    apart: float
    beyond: str


def behaviour(graph: RawGraph, found: Sizes, how: Convention) -> Behaviour:
    """Measure it. Raises EngineError for a model that gives NaN on an ordinary picture, or differs twice."""
    picture = blobs(found.planes, found.side)
    first, again = (graph.restored(picture, how) for _ in range(2))
    if not np.isfinite(first).all():
        raise EngineError("the model gives NaN or inf for an ordinary picture: its weights are damaged")
    if not np.array_equal(first, again):
        raise EngineError(
            "the model gives another result each time, so no frame could be rendered twice alike: export "
            "it in evaluation mode"
        )
    if first.std() < 1e-6:
        raise EngineError(
            "the model gives one flat field, whatever the picture: its weights are missing, or its range is "
            "another one (--range)"
        )
    level = colour = 0.0
    for flat in ((v,) * found.planes for v in _FLATS):
        moved = _moved(graph, found, how, flat)
        level = max(level, float(np.abs(moved.mean())))
        colour = max(colour, float(np.ptp(moved)))
    for flat in _COLOURS if found.planes == 3 else ():
        moved = _moved(graph, found, how, flat)
        level, colour = max(level, float(np.abs(moved.mean()))), max(colour, float(np.ptp(moved)))
    half = graph.restored(np.asarray(picture * np.float32(0.5)), how)
    follows = float(np.abs(half - 0.5 * first).max())
    far = graph.restored(np.asarray(6 * picture - 2.5, np.float32), how)
    is_finite = bool(np.isfinite(far).all())
    reduced = np.stack([reduce(p, how.scale) for p in np.nan_to_num(far, posinf=0, neginf=0)])
    kept = is_finite and np.corrcoef(reduced.ravel(), picture.ravel())[0, 1] > 0.9 and reduced.max() > 1.5
    beyond = "not finite" if not is_finite else "kept" if kept else "held"
    small = np.stack([reduce(p, how.scale) for p in first])
    inner = (slice(None), slice(12, -12), slice(12, -12))
    apart = float(np.sqrt(np.mean(np.square((small - picture)[inner]))))
    return Behaviour(level, colour, follows, apart, beyond)


def _moved(graph: RawGraph, found: Sizes, how: Convention, flat: tuple[float, ...]) -> Pixels:
    """By how much the means of a flat field's planes move, away from its border."""
    field = np.ones((found.planes, *found.side), np.float32) * np.array(flat, np.float32)[:, None, None]
    made = graph.restored(field, how)
    height, width = made.shape[1:]
    inner = made[:, height // 3 : -(height // 3), width // 3 : -(width // 3)]
    return np.asarray(inner.mean(axis=(1, 2)) - np.array(flat, np.float32))
