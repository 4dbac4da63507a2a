"""Filters of other people's tools, run on pictures in memory."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np

from interneg.frame import Pixels

HERE = Path(__file__).parent
PYTHON = HERE.parent / ".peers" / "bin" / "python"
"""Python 3.12 with VapourSynth, where `make peers` was run."""
MISSING = "VapourSynth's filters are left out: `make peers` installs them"


def there() -> bool:
    """Whether VapourSynth's filters can be run."""
    return PYTHON.exists()


def vapoursynth(name: str, pictures: Pixels, number: float = 0) -> tuple[Pixels, float]:
    """Frames (N, H, W, 3) float32, R, G, B of 0..1 for display, through a filter of `vapoursynth_filters`.

    And the processor seconds of a frame. number: what the filter takes, as its sigma.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = (str(Path(folder) / f"{n}.npy") for n in ("in", "out"))
        np.save(source, np.ascontiguousarray(pictures, np.float32))
        script = str(HERE / "vapoursynth_filters.py")
        command = [str(PYTHON), script, name, source, target, str(number)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return np.asarray(np.load(target), np.float32), float(done.stdout)
