"""Pictures that an AV1 encoder was given with a film-grain table, as a player shows them."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from interneg.grain.av1_table import FOREVER, Parameters, Segment, text


@functools.cache
def _lacks() -> str:
    """What FFmpeg lacks to encode with a table and to play the grain, in words."""
    if not shutil.which("ffmpeg"):
        return "no ffmpeg"
    for kind, name in (("-encoders", "libaom-av1"), ("-decoders", "libdav1d")):
        known = subprocess.run(["ffmpeg", "-hide_banner", kind], capture_output=True, text=True, check=True)
        if name not in known.stdout:
            return f"ffmpeg has no {name}"
    return ""


def played(
    planes: list[npt.NDArray[Any]], parameters: Parameters, seed: int, folder: Path
) -> list[npt.NDArray[Any]]:
    """Y, Cb, Cr (4:2:0, 8 bits in uint8 or 10 in uint16), encoded without loss and played with grain.

    Skips the test where FFmpeg with libaom and dav1d is missing.
    """
    if lacks := _lacks():
        pytest.skip(lacks)
    table, film = folder / "grain.tbl", folder / "film.mkv"
    table.write_text(text((Segment(0, FOREVER, True, seed, parameters),)))
    (height, width), of = planes[0].shape, planes[0].dtype
    pixels = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le" if of == np.uint16 else "yuv420p"]
    options = ["-cpu-used", "8", "-crf", "0", "-aom-params", f"film-grain-table={table}:lossless=1"]
    begin = ["ffmpeg", "-v", "error", "-y"]
    size = ["-s", f"{width}x{height}", "-i", "pipe:0"]
    raw = b"".join(p.tobytes() for p in planes)
    made = subprocess.run(
        [*begin, *pixels, *size, "-c:v", "libaom-av1", *options, str(film)], input=raw, capture_output=True
    )
    assert made.returncode == 0 and not made.stderr, made.stderr.decode()
    shown = subprocess.run(
        [*begin, "-c:v", "libdav1d", "-i", str(film), *pixels, "pipe:1"], capture_output=True, check=True
    ).stdout
    samples = np.frombuffer(shown, of)
    ends = np.cumsum([p.size for p in planes])
    parts = np.split(samples, ends[:-1])
    return [part.reshape(p.shape) for part, p in zip(parts, planes, strict=True)]
