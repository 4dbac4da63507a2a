"""Clips of a training: which frames go together, in what space, at what scale."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.colour import Colour
from interneg.errors import InputError, UsageError
from interneg.plugin.tuning.plates import Plates


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


def clip(folder: Path, name: str, width: int, height: int, frames: int = 3) -> str:
    (folder / name).mkdir(parents=True)
    for number in range(1, frames + 1):
        picture = np.full((height, width, 3), 20 * number, np.uint8)
        cv2.imwrite(str(folder / name / f"f.{number:04d}.png"), picture)
    return str(folder / name)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_scale_is_that_of_the_sizes(tmp_path: Path, colour: Colour, scale: int) -> None:
    large, small = clip(tmp_path, "large", 64 * scale, 48 * scale), clip(tmp_path, "small", 64, 48)
    plates = Plates([large], [small], colour, None)
    assert plates.scale == scale and len(plates.takes[0].pairs) == 3
    shown = plates.takes[0].clean.shown(2)
    np.testing.assert_allclose(shown.planes[0], 40 / 255, atol=1e-5)
    assert np.abs(shown.planes[1:]).max() < 1e-6
    plates.close()


def test_a_folder_of_clips_is_all_of_them(tmp_path: Path, colour: Colour) -> None:
    for what in ("clean", "damaged"):
        for name in ("b", "a"):
            clip(tmp_path / what, name, 64, 48)
    plates = Plates([str(tmp_path / "clean")], [str(tmp_path / "damaged")], colour, None)
    assert [(t.clean.name, t.damaged and t.damaged.name) for t in plates.takes] == [("a", "a"), ("b", "b")]
    plates.close()


def test_what_does_not_go_together_is_refused(tmp_path: Path, colour: Colour) -> None:
    plain, odd = clip(tmp_path, "plain", 64, 48), clip(tmp_path, "odd", 96, 72)
    double, few = clip(tmp_path, "double", 128, 96), clip(tmp_path, "few", 64, 48, frames=2)
    for clean, damaged, says in (
        ([odd], [plain], "has 96x72 pixels, .*plain 64x48: the clean plates are as large"),
        ([plain, double], [plain, plain], "a model has one scale, .*plain 1x, double 2x"),
        ([plain], [plain, plain], "names 1 clips and --damaged 2"),
    ):
        with pytest.raises(UsageError, match=says):
            Plates(clean, damaged, colour, None)
    with pytest.raises(InputError, match="lacks 3; clean and damaged plates have the same frames"):
        Plates([plain], [few], colour, None)
    spec = oiio.ImageSpec(64, 48, 3, oiio.FLOAT)
    (tmp_path / "linear").mkdir()
    for number in (1, 2, 3):
        file = oiio.ImageOutput.create("x.exr")
        assert file and file.open(str(tmp_path / "linear" / f"f.{number:04d}.exr"), spec)
        file.write_image(np.full((48, 64, 3), 0.2, np.float32))
        file.close()
    with pytest.raises(UsageError, match="bring both into one colour space"):
        Plates([plain], [str(tmp_path / "linear")], colour, None)
