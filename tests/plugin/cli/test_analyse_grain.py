"""`interneg analyse grain-match`, the files that it writes, and the renders that take them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.frame import Frame, Pixels
from interneg.grain.av1_table import read
from interneg.grain.profile_file import profile
from interneg.io.image_writer import write_image
from interneg.plugin.cli.main import app
from tests.pictures import picture

NUMBERS = range(1001, 1004)
SIGMA, SOFT = 12 / 255, 0.9


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def write(folder: Path, pictures: Sequence[Pixels]) -> str:
    folder.mkdir()
    for number, pixels in zip(NUMBERS, pictures, strict=True):
        frame = Frame.of(pixels, depth=("uint16",) * len(pixels), number=number)
        write_image(folder / f"p.{number}.png", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.png")


def grain(seed: int, shape: tuple[int, ...]) -> Pixels:
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    soft = np.stack([cv2.GaussianBlur(p, (0, 0), SOFT) for p in noise])
    return np.asarray(soft / soft.std() * np.float32(SIGMA), np.float32)


CLEAN = np.asarray(0.3 + 0.4 * picture(240, 320), np.float32)


@pytest.fixture
def plate(tmp_path: Path) -> str:
    return write(tmp_path / "plate", [CLEAN + grain(n, CLEAN.shape) for n in NUMBERS])


def pixels(pattern: str, number: int) -> Any:
    return oiio.ImageBuf(pattern.replace("####", str(number))).get_pixels(oiio.FLOAT)


def test_from_a_plate_to_its_profile_and_back_to_the_plate(plate: str, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("a.grain.toml", "a.png", "a.svg", "a.tbl")}
    done = run(
        "analyse", "grain-match:gate=21.9", plate, files["a.grain.toml"],
        "--plot", files["a.png"], "--av1", files["a.tbl"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "printing density" in done.output
    found = profile(files["a.grain.toml"].read_bytes(), "a")
    assert (found.width, found.pixels, found.channels) == (21.9, 320, ("R", "G", "B"))
    assert abs(found.correlation[0, 1]) < 0.1
    drawn = cv2.imread(str(files["a.png"]))
    assert drawn is not None and drawn.std() > 5
    (segment,) = read(files["a.tbl"].read_bytes(), "a.tbl")
    assert segment.apply and segment.parameters is not None

    clean, back = str(tmp_path / "clean.####.png"), str(tmp_path / "back.####.png")
    told = f"profile={files['a.grain.toml']}"
    done = run("render", f"grain-match:temporal=1,{told}", plate, clean)
    assert done.exit_code == 0, done.output
    done = run("render", f"grain-match:temporal=1,mode=restore,{told}", clean, back, "--reference", plate)
    assert done.exit_code == 0, done.output
    for number in NUMBERS:
        was, without = pixels(plate, number), pixels(clean, number)
        np.testing.assert_array_equal(pixels(back, number), was)
        truth = CLEAN.transpose(1, 2, 0)
        assert np.square(without - truth).mean() < 0.35 * np.square(was - truth).mean()

    # A comp that was cut to its length: the plate has more frames.
    for number in (1001, 1003):
        Path(clean.replace("####", str(number))).unlink()
        Path(back.replace("####", str(number))).unlink()
    recipe = f"grain-match:temporal=1,mode=restore,{told}"
    done = run("render", recipe, clean, back, "--reference", plate, "--overwrite")
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(pixels(back, 1002), pixels(plate, 1002))

    added = str(tmp_path / "added.####.png")
    done = run(
        "render", f"grain-match:mode=add,profile={files['a.tbl']}", clean, added, "--frames", "1002-1002"
    )
    assert done.exit_code == 0, done.output
    grown = pixels(added, 1002) - pixels(clean, 1002)
    assert grown.std() == pytest.approx(SIGMA, rel=0.2)

    done = run(
        "analyse", "grain-match", plate, files["a.grain.toml"], "--plot", files["a.svg"], "--overwrite"
    )
    assert done.exit_code == 0 and files["a.svg"].read_text().lstrip().startswith("<?xml")


def test_what_does_not_fit_is_refused(plate: str, tmp_path: Path) -> None:
    out, x = tmp_path / "o.####.png", tmp_path / "x.json"
    bitmap, table, drawing = (tmp_path / f"x.{ending}" for ending in ("bmp", "tbl", "png"))
    unused = "no node of this recipe takes a reference"
    for arguments, code, message in (
        (("analyse", "grain-match", plate, x, "--plot", bitmap), 2, "a .png or a .svg"),
        (("analyse", "deflicker | stabilise", plate, x, "--av1", table), 2, "--av1 takes"),
        (("analyse", "stabilise", plate, x, "--plot", drawing), 2, "--plot draws one file only"),
        (("render", "grain-match:mode=restore", plate, out), 3, "needs a plate as reference"),
        (("render", "grain-match:mode=add", plate, out), 3, "needs a plate as reference"),
        (("render", "grain-match", plate, out, "--reference", plate), 2, "leave the reference unused"),
        (("render", "deflicker", plate, out, "--reference", plate), 2, unused),
        (("render", "grain-match:profile=nowhere.toml", plate, out), 3, "nowhere.toml cannot be read"),
        (("render", "grain-match:grain=colour-5000", plate, out), 2, "did you mean"),
    ):  # fmt: skip
        done = run(*arguments)
        assert done.exit_code == code and message in done.output, (arguments, done.output)


def test_without_matplotlib_a_plot_says_what_to_install(
    plate: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    done = run("analyse", "grain-match", plate, tmp_path / "x.toml", "--plot", tmp_path / "x.png")
    assert done.exit_code == 2 and "pip install 'interneg[plots]'" in done.output
