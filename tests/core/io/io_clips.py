"""Clips that the tests of files write."""

from pathlib import Path

import numpy as np

from interneg.frame import Frame
from interneg.io import Clip, open_clip
from interneg.io.image_writer import write_image


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = Frame.of(np.full((3, 4, 4), 0.2), depth=("uint8",) * 3)
    write_image(path, frame, attributes={}, warn=lambda kind, sentence: None)
    return path


def clip_of(folder: Path, *numbers: int) -> Clip:
    for n in numbers:
        png(folder / f"plate.{n:04}.png")
    return open_clip(folder)
