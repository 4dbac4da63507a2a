"""What is told of the pictures of a clip before they are rendered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from typer.testing import CliRunner

from interneg.colour import Colour
from interneg.frame import Frame
from interneg.plugin.batch.notices import notices
from interneg.plugin.cli.main import app

PICTURE = np.random.default_rng(1).integers(0, 255, (24, 32, 3), np.uint8)


def of(pixels: float, names: tuple[str, ...]) -> Frame:
    return Frame.of(np.full((len(names), 4, 4), pixels, np.float32), names, depth=("float",) * len(names))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], ""),
        ([("Z",)], ""),
        ([("R", "G", "B")], "1 further picture,"),
        ([("Y",)] * 3, "3 further pictures,"),
    ],
)
def test_further_pictures_are_told(names: list[tuple[str, ...]], told: str) -> None:
    main = of(0.5, ("R", "G", "B"))
    frame = main.with_pixels(main.pixels, parts=tuple(of(0.1, n) for n in names))
    found = "; ".join(notices(frame, "ACEScg", False, Colour()))
    assert told in found and bool(told) == bool(found)


def test_pages_of_a_tiff_are_told_and_carried(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.roll(PICTURE, k, 1)) for k in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    made = CliRunner().invoke(
        app, ["render", "deflicker:strength=0", *(str(tmp_path / n) for n in ("a.tif", "b.tif"))]
    )
    assert made.exit_code == 0, made.output
    assert "2 further pictures, as pages or parts, which are carried as they are" in made.output + made.stderr
    with Image.open(tmp_path / "b.tif") as written:
        assert len([*ImageSequence.Iterator(written)]) == 3
