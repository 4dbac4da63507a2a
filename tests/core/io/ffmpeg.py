"""The ffmpeg command: it makes movies of many kinds, and says what it decodes and presents of one."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.io.movie_clip import MovieClip
from interneg.io.movie_index import Index, read_index
from interneg.io.movie_reader import MovieReader


def ffmpeg(*arguments: object) -> str:
    """Run it, and return what it prints; skips the test where there is none or it lacks an encoder."""
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg")
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if "Unknown encoder" in made.stderr:
        pytest.skip(made.stderr.splitlines()[0])
    assert made.returncode == 0, made.stderr
    return made.stdout


def pictures(seconds: float = 2, rate: str = "24") -> tuple[str, ...]:
    """The input: a moving test pattern of 96x64."""
    return "-f", "lavfi", "-i", f"testsrc2=s=96x64:r={rate}:d={seconds}"


def tone(seconds: float = 2) -> tuple[str, ...]:
    """The input: a tone."""
    return "-f", "lavfi", "-i", f"sine=d={seconds}:r=48000"


def presented(path: Path) -> list[str]:
    """The MD5 of each frame that it decodes, in the order of showing, none dropped or repeated."""
    said = ffmpeg("-i", f"file:{path}", "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")
    return [line.rsplit(",", 1)[1].strip() for line in said.splitlines() if not line.startswith("#")]


def indexed(path: Path) -> tuple[Index, list[str], list[str]]:
    """Our index, and the MD5 of each of its frames: read in order, and read from the last to the first."""
    index = read_index(path)
    reader = MovieReader(path, index)
    onward = [_digest(reader.picture(k)) for k in range(len(index.times))]
    back = [_digest(reader.picture(k)) for k in reversed(range(len(index.times)))][::-1]
    reader.close()
    return index, onward, back


def movie(path: Path) -> MovieClip:
    """The clip of a movie, with what only movies have; its frames count from 1."""
    return MovieClip(path, 1)


def _digest(picture: Any) -> str:
    assert picture is not None
    wide = picture.format.components[0].bits > 8
    found = hashlib.md5(usedforsecurity=False)
    for plane in picture.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        found.update(rows[:, : plane.width * (1 + wide)].tobytes())
    return found.hexdigest()
