from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io.image_writer import write_image

LAYERS = ("R", "G", "B", "A", "Z", "id", "spec.R", "spec.G", "spec.B", "n.x", "n.y", "n.z")


def draw(number: int, height: int = 24, width: int = 32, channels: int = 3) -> Any:
    """(C, H, W) float32: a fixed picture under noise of its own for each frame."""
    picture = np.random.default_rng(1).uniform(0.05, 1, (channels, height, width))
    noise = np.random.default_rng(number).normal(0, 0.02, picture.shape)
    return (picture + noise).astype(np.float32)


@pytest.fixture
def plate(tmp_path: Path) -> Callable[..., str]:
    """Write plate.####.exr (or of another type) and return its pattern."""

    def write(numbers: Sequence[int] = range(1001, 1007), suffix: str = ".exr", **facts: Any) -> str:
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        size = {k: facts.pop(k) for k in ("height", "width", "channels") if k in facts}
        for number in numbers:
            pixels = draw(number, **size)
            frame = Frame.of(
                pixels,
                LAYERS if len(pixels) == 12 else "",
                **{"depth": ("half",) * len(pixels), "number": number, **facts},
            )
            path = folder / f"plate.{number:04d}{suffix}"
            write_image(path, frame, attributes={}, warn=lambda kind, sentence: None)
        return str(folder / f"plate.####{suffix}")

    return write
