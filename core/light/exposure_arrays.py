"""The arrays beside a file of exposures: levels, fields and rows of each frame's correction."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from interneg.errors import InputError
from interneg.frame import Double
from interneg.light.steady import Correction
from interneg.light.waves import GRID

ENDING = ".npz"

# A date that zip files can have, so that the same arrays are the same bytes.
_EVER = (1980, 1, 1, 0, 0, 0)


def arrays(found: Mapping[int, tuple[Correction, ...]]) -> bytes:
    """What stands beside the text, as an .npz file; the same corrections give the same bytes.

    frames: (N,) their numbers. levels: (N, P, 3), lowest, pivot and highest of each plane. field: (N, P,
    *GRID). rows: (N, P, h), h being 0 where bands were not measured; of frames of another height, resampled.
    All float32, natural logarithms of light.
    """
    numbers = sorted(found)
    planes = [found[n] for n in numbers]
    height = max(len(c.rows) for row in planes for c in row)
    rows = [[_resampled(c.rows, height) for c in row] for row in planes]
    kept: dict[str, np.ndarray[Any, Any]] = {
        "frames": np.array(numbers, np.int64),
        "levels": np.array([[(c.lowest, c.pivot, c.highest) for c in row] for row in planes], np.float32),
        "field": np.array([[c.field for c in row] for row in planes], np.float32),
        "rows": np.array(rows, np.float32).reshape(len(numbers), len(planes[0]), height),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in kept.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EVER), member.getvalue(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def read_arrays(content: bytes, name: str) -> tuple[dict[int, int], Double, Double, Double]:
    """Where each frame stands, the levels, (N, P, 3), the fields, (N, P, *GRID), and the rows, (N, P, h).

    They are float64; see `arrays`. Raises InputError where the content is no such file.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            frames, levels, fields, rows = (archive[k] for k in ("frames", "levels", "field", "rows"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{name} is no file of fields as `interneg analyse` writes it: {error}") from error
    if fields.shape[2:] != GRID:
        raise InputError(f"{name} has fields of {fields.shape[2:]} points, expected {GRID}: analyse anew")
    at = {int(number): k for k, number in enumerate(frames)}
    return at, levels.astype(np.float64), fields.astype(np.float64), rows.astype(np.float64)


def _resampled(rows: Double, height: int) -> Double:
    if len(rows) == height:
        return rows
    return np.interp((np.arange(height) + 0.5) / height, (np.arange(len(rows)) + 0.5) / len(rows), rows)
