"""`interneg render` with a mask: one image or a clip, by an option or in the recipe."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from interneg.frame import Frame
from interneg.io import open_clip
from interneg.io.image_writer import write_image
from tests.plugin.cli.renders import COPY, LITE, Plate, at, failed, needs_lite, render, written


@needs_lite
def test_a_mask_of_one_image_holds_for_all_frames(plate: Plate, out: str, tmp_path: Path) -> None:
    pattern = plate(range(1, 3))
    amount = np.zeros((1, 24, 32), np.float32)
    amount[:, :, 16:] = 1
    write_image(tmp_path / "mask.exr", Frame.of(amount), attributes={}, warn=lambda kind, sentence: None)
    made = render(LITE, pattern, out, "--mask", tmp_path / "mask.exr")
    assert made.exit_code == 0, made.output
    source = open_clip(pattern)
    for number, frame in written(out).items():
        before = source.read(number).pixels
        np.testing.assert_array_equal(frame.pixels[:, :, :16], before[:, :, :16])
        assert (frame.pixels[:, :, 16:] != before[:, :, 16:]).any()


def test_an_opaque_alpha_is_no_mask_where_the_matte_is_in_colour(
    plate: Plate, out: str, tmp_path: Path
) -> None:
    path, pattern = tmp_path / "mask.exr", plate([1])
    matte = np.ones((4, 24, 32), np.float32)
    write_image(path, Frame.of(matte), attributes={}, warn=lambda kind, sentence: None)
    assert render(COPY, pattern, out, "--mask", path).exit_code == 0
    matte[:3, :, 16:] = 0
    write_image(path, Frame.of(matte), attributes={}, warn=lambda kind, sentence: None)
    failed(3, "the mask: .*mask.exr: A .* is 1 everywhere while R, G, B", COPY, pattern, out, "--mask", path)
    write_image(path, Frame.of(matte[:3]), attributes={}, warn=lambda kind, sentence: None)
    assert render(COPY, pattern, out, "--mask", path).exit_code == 0


def test_a_recipes_mask_lies_beside_it(plate: Plate, out: str, tmp_path: Path) -> None:
    (tmp_path / "shot").mkdir()
    recipe = tmp_path / "shot" / "restore.toml"
    recipe.write_text('[inputs]\nmask = "m.exr"\n[[node]]\nname = "denoise-sr"\nstrength = 0.0\n')
    wanted = recipe.with_name("m.exr")
    failed(3, f"the mask: {wanted}: no such file", recipe, plate([1]), out)
    write_image(wanted, Frame.of(np.ones((1, 24, 32))), attributes={}, warn=lambda kind, sentence: None)
    assert render(recipe, plate([1]), out).exit_code == 0


def test_a_mask_with_missing_frames_is_refused(plate: Plate, out: str, tmp_path: Path) -> None:
    pattern = plate()
    (tmp_path / "mask").mkdir()
    for number in (1001, 1002, 1005):
        os.link(at(pattern, number), tmp_path / "mask" / f"m.{number}.exr")
    made = failed(3, "3 frames missing: 1003-1004,1006", COPY, pattern, out, "--mask", tmp_path / "mask")
    assert "--missing" not in made.stderr
