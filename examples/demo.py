"""Restore twenty frames of a film of 1906 with `interneg render`, and lay before and after side by side.

    python examples/demo.py [FOLDER] [FRAMES]

Into FOLDER (default: demo) go the restored frames, before and after as a movie, and as one picture of three
frames in a row. Everything is at 1:1: no pixel is enlarged or reduced. FRAMES is a range, such as 22-24.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
SCAN = HERE / "market_street" / "scan.%04d.png"
RECIPE = HERE / "restore_film.toml"
SHOWN = (22, 23, 24)
"""The frames of the picture: the middle one is lighter than its neighbours and jumps up by 19 pixels."""

HEADER = 22
"""The height of the bar above the picture, in pixels."""

Picture = npt.NDArray[np.uint8]


def main(folder: Path, frames: str = "14-33") -> None:
    """Write restored.####.png, before_after.####.png, before_after.mp4 and before_after.jpg into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    restored, pairs = folder / "restored.%04d.png", folder / "before_after.%04d.png"
    # The scan was compressed for the web: noise=auto finds little noise, deblock removes what the codec left.
    interneg(str(RECIPE), str(SCAN), str(restored), "--frames", frames, "--set", "denoise-sr.deblock=0.4")

    first, last = (int(n) for n in frames.split("-"))
    for number in range(first, last + 1):
        write(Path(str(pairs) % number), pair(restored, number))
    # With strength 0 a node changes nothing: what is left is a conversion of the frames to a movie.
    interneg("stabilise:strength=0", str(pairs), str(folder / "before_after.mp4"))
    shown = [number for number in SHOWN if first <= number <= last] or [first]
    picture = [headed(pair(restored, shown[0])), *(pair(restored, number) for number in shown[1:])]
    write(folder / "before_after.jpg", np.vstack(picture))
    print(f"restored frames:                {restored}")
    print(f"before and after, as a movie:   {folder / 'before_after.mp4'}")
    print(f"before and after, three frames: {folder / 'before_after.jpg'}")


def interneg(*options: str) -> None:
    """Run `interneg render` as a user would, in a process of its own."""
    command = ["render", *options, "--overwrite"]
    print("interneg", " ".join(command), flush=True)
    subprocess.run([sys.executable, "-m", "interneg.plugin.cli", *command], check=True)


def pair(restored: Path, number: int) -> Picture:
    """One frame of the scan (left) beside the restored one (right): (H, 2 W, 3) uint8, BGR."""
    return np.hstack([read(Path(str(path) % number)) for path in (SCAN, restored)])


def headed(pixels: Picture) -> Picture:
    """The picture with a bar above it that says which half is which."""
    bar = np.full((HEADER, *pixels.shape[1:]), 255, np.uint8)
    for word, left in (("before", 4), ("after", pixels.shape[1] // 2 + 4)):
        cv2.putText(bar, word, (left, HEADER - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([bar, pixels])


def read(path: Path) -> Picture:
    """The pixels of a picture, (H, W, 3) uint8, BGR; raises OSError where it cannot be read."""
    pixels = cv2.imread(str(path))
    if pixels is None:
        raise OSError(f"{path} cannot be read")
    return np.asarray(pixels, np.uint8)


def write(path: Path, pixels: Picture) -> None:
    """Write a picture, (H, W, 3) uint8, BGR; raises OSError where it cannot be written."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), pixels, quality):
        raise OSError(f"{path} cannot be written")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"), *sys.argv[2:3])
