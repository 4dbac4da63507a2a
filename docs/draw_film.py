"""Draw the pictures of the docs that show both real scans: `python docs/draw_film.py FOOTAGE`.

FOOTAGE: the folder of the scans, ../shared/data/footage. Everything is at 1:1, and takes some minutes.
pictures/scratch_inpaint.png: of a frame of each scan the scan, what Scratch-Inpaint finds, and the result.
pictures/film.png: three frames in a row of each, before and after the recipe for film.
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
RECIPE = HERE.parent / "examples" / "restore_film.toml"
SCANS = ("market_street_1906", "great_train_robbery_1903")

DAMAGED = ((41, 180, 0), (40, 160, 60))
"""Of each scan the frame that is shown, and the left top of the part of it."""
PART = (300, 230)

IN_A_ROW = ((22, 60, 0), (40, 110, 60))
"""Of each scan the first of three frames, and the left top of the part of them."""
SMALL = (270, 172)

_GAP = 4
Picture = npt.NDArray[np.uint8]


def main(footage: Path) -> None:
    """Draw both pictures."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            [
                part(footage / scan / "%05d.png", number, (x, y), PART),
                *(
                    part(rendered(recipe, footage / scan, Path(folder), f"{number}"), number, (x, y), PART)
                    for recipe in ("scratch-inpaint:view=over plate", "scratch-inpaint")
                ),
            ]
            for scan, (number, x, y) in zip(SCANS, DAMAGED, strict=True)
        ]
        write("scratch_inpaint.png", rows)
        rows = []
        for scan, (first, x, y) in zip(SCANS, IN_A_ROW, strict=True):
            frames = range(first, first + 3)
            made = rendered(str(RECIPE), footage / scan, Path(folder), f"{frames[0]}-{frames[-1]}")
            for path in (footage / scan / "%05d.png", made):
                rows.append([part(path, number, (x, y), SMALL) for number in frames])
        write("film.png", rows)


def rendered(recipe: str, scan: Path, folder: Path, frames: str) -> Path:
    """Render frames of a scan; returns the pattern of the files."""
    made = folder / f"{len(list(folder.iterdir()))}.%05d.png"
    command = [
        sys.executable,
        "-m",
        "interneg.plugin.cli",
        "render",
        recipe,
        str(scan / "%05d.png"),
        str(made),
    ]
    subprocess.run([*command, "--frames", frames], check=True)
    return made


def part(pattern: Path, number: int, corner: tuple[int, int], size: tuple[int, int]) -> Picture:
    """A part of a frame, (H, W, 3) uint8. Raises OSError where it cannot be read."""
    pixels = cv2.imread(str(pattern) % number)
    if pixels is None:
        raise OSError(f"{str(pattern) % number} cannot be read")
    (x, y), (width, height) = corner, size
    return np.asarray(pixels[y : y + height, x : x + width], np.uint8)


def write(name: str, rows: list[list[Picture]]) -> None:
    """Write pictures in rows, with white between them."""
    down = [
        np.hstack([np.pad(p, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for p in row])
        for row in rows
    ]
    sheet = np.vstack(down)[:-_GAP, :-_GAP]
    if np.ptp(sheet, axis=2).max() == 0:
        sheet = sheet[..., :1]
    if not cv2.imwrite(str(HERE / "pictures" / name), sheet, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise OSError(f"{name} cannot be written")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
