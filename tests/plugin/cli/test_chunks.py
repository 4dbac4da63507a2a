"""A shot in chunks, each in a process of its own, is the shot in one run, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.frame import Frame, Pixels
from interneg.io.image_writer import write_image
from tests.damage import dirty, disc, scene, scratched

pytestmark = pytest.mark.slow
NUMBERS = range(1001, 1006)
CHUNKS = ("1001-1002", "1003", "1004-1005")


def started(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "interneg.plugin.cli", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0, told


def pixels(folder: Path) -> Pixels:
    names = [str(folder / f"p.{n}.exr") for n in NUMBERS]
    return np.stack([np.asarray(oiio.ImageBuf(name).get_pixels(oiio.FLOAT)) for name in names])


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five frames with dirt, a scratch, and an infrared channel."""
    folder = tmp_path_factory.mktemp("plate")
    clip = scratched(dirty(scene())[0])[0]
    for number, picture in zip(NUMBERS, clip, strict=True):
        seen = np.where(disc(20 + 15 * (number - 1001), 110, 4), np.float32(0.1), np.float32(0.9))
        frame = Frame.of(np.concatenate([picture, seen[None]]), ("R", "G", "B", "ir"), number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return folder


@pytest.mark.parametrize(
    "knobs", ["defects", "defects,defects_list={list}", "defects,matte=add,matte_from=infrared"]
)
def test_three_processes_make_what_one_makes(plate: Path, tmp_path: Path, knobs: str) -> None:
    given, listed = plate / "p.####.exr", tmp_path / "d.json"
    if "{list}" in knobs:
        ended(started("analyse", "scratch-inpaint", given, listed))
    recipe = f"scratch-inpaint:{knobs.format(list=listed)}"
    ended(started("render", recipe, given, tmp_path / "one" / "p.####.exr"))
    output = tmp_path / "three" / "p.####.exr"
    ended(*(started("render", recipe, given, output, "--frames", chunk) for chunk in CHUNKS))
    one = pixels(tmp_path / "one")
    np.testing.assert_array_equal(pixels(tmp_path / "three"), one)
    assert (one[..., :3] != pixels(plate)[..., :3]).any(axis=(1, 2, 3)).sum() >= 3


def test_a_list_in_three_parts_has_the_dirt_of_one(plate: Path, tmp_path: Path) -> None:
    given = plate / "p.####.exr"
    parts = [(chunk, tmp_path / f"{chunk}.json") for chunk in CHUNKS]
    ended(
        started("analyse", "scratch-inpaint", given, tmp_path / "one.json"),
        *(started("analyse", "scratch-inpaint", given, file, "--frames", chunk) for chunk, file in parts),
    )

    def boxes(file: Path) -> list[str]:
        return [
            line.split('"box"')[1].rstrip(",") for line in file.read_text().splitlines() if '"box"' in line
        ]

    whole = boxes(tmp_path / "one.json")
    assert whole and [box for _, file in parts for box in boxes(file)] == whole
