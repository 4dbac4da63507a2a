"""Draw the picture of the page on GrainMatch: `python docs/draw_grain.py ../shared/data/footage/clips`.

Everything is at 1:1. Clips get the grain of a stock of 16 mm film, which is then measured, removed, and
restored after a patch was painted over; all by the commands of the page.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
STOCK = "grain-match:mode=add,grain=colour-500,gate=12.5"

PARTS = (
    ("dance-twirl", 30, (390, 60), (75, 88)),
    ("horsejump-high", 30, (180, 70), (130, 40)),
    ("libby", 30, (90, 250), (110, 60)),
    ("soapbox", 30, (560, 220), (60, 100)),
)
"""Clip, frame, left top of the part, and where in it a patch is painted: skin, sky, shadow, highlight."""
SIZE, RADIUS = (200, 130), 18
AROUND = 2

_GAP = 4
Picture = npt.NDArray[np.uint8]


def main(clips: Path) -> None:
    """Draw the picture."""
    rows = []
    for clip, number, (x, y), patch in PARTS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            frames = ["--frames", f"{number - AROUND}-{number + AROUND}"]
            plate, clean, comp, back = (
                str(folder / f"{n}.#.png") for n in ("plate", "clean", "comp", "back")
            )
            profile, one = str(folder / "plate.grain.toml"), ["--frames", f"{number}"]
            interneg("render", STOCK, str(clips / clip / "%05d.jpg"), plate, *frames, "--depth", "uint16")
            interneg("analyse", "grain-match:gate=12.5", plate, profile)
            told = f"temporal=2,profile={profile}"
            interneg("render", f"grain-match:{told}", plate, clean)
            for n in range(number - AROUND, number + AROUND + 1):
                paint(clean.replace("#", str(n)), comp.replace("#", str(n)), x + patch[0], y + patch[1])
            interneg("render", f"grain-match:mode=restore,{told}", comp, back, *one, "--reference", plate)
            rows.append([part(p.replace("#", str(number)), x, y) for p in (plate, clean, comp, back)])
    gap = np.full((SIZE[1], _GAP, 3), 255, np.uint8)
    bands = [np.hstack([piece for shown in row for piece in (shown, gap)][:-1]) for row in rows]
    line = np.full((_GAP, bands[0].shape[1], 3), 255, np.uint8)
    whole = np.vstack([piece for band in bands for piece in (band, line)][:-1])
    full = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    cv2.imwrite(str(HERE / "pictures" / "grain_match.jpg"), whole, [cv2.IMWRITE_JPEG_QUALITY, 94, *full])


def interneg(*arguments: str) -> None:
    """Run the command line."""
    subprocess.run([sys.executable, "-m", "interneg.plugin.cli", *arguments], check=True)


def paint(source: str, target: str, x: int, y: int) -> None:
    """Smear a round patch about a place, as a painter takes something out."""
    picture = cv2.imread(source, cv2.IMREAD_UNCHANGED)
    assert picture is not None, source
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(mask, (x, y), RADIUS, 255, -1)
    codes = np.rint(picture / 257).astype(np.uint8)
    filled = cv2.inpaint(codes, mask, 5, cv2.INPAINT_TELEA).astype(np.uint16) * 257
    cv2.imwrite(target, np.where(mask[..., None] > 0, filled, picture))


def part(path: str, x: int, y: int) -> Picture:
    """A part of a picture, (H, W, 3), B, G, R."""
    picture = cv2.imread(path)
    assert picture is not None, path
    return np.asarray(picture[y : y + SIZE[1], x : x + SIZE[0]], np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
