"""Renders of a temporal node through files: chunks, cuts, gaps, movies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.colour import Colour
from interneg.curve import Curve, Key
from interneg.engine import NoEngines
from interneg.errors import InputError, KnobError, OutputError, UsageError
from interneg.frame import Box, Frame
from interneg.io import open_clip
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.progress import Summary
from interneg.plugin.batch.render import render
from interneg.recipe import Recipe

Plate = Callable[..., str]


class Quiet:
    def start(self, total: int) -> None: ...

    def status(self, text: str) -> None: ...

    def part(self, index: int, count: int) -> None: ...

    def step(self, number: int, outcome: str) -> None: ...


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


@pytest.fixture
def run(colour: Colour, temporal_mean: Any, tmp_path: Path) -> Callable[..., Summary]:
    def run(source: str, name: str, nodes: Any = None, **facts: Any) -> Summary:
        inputs = facts.pop("inputs", {})
        space = "sRGB - Display" if name.endswith(".mkv") else "ACEScg"
        recipe = Recipe(tuple(nodes or (temporal_mean(radius=2),)), input_space=space, inputs=inputs)
        output = name if "/" in name else str(tmp_path / name / "made.####.exr")
        return render(Job(recipe, source, output, **facts), colour, NoEngines(), Quiet())

    return run


def frames(folder: Path) -> dict[int, bytes]:
    clip = open_clip(folder)
    return {n: clip.read(n).pixels.tobytes() for n in clip.numbers}


def test_chunks_in_any_order_are_the_whole(plate: Plate, run: Any, tmp_path: Path) -> None:
    pattern = plate(range(1, 13), depth=("float",) * 3)
    run(pattern, "whole")
    for chunk in ("9-12", "1-3", "4-8x2", "5-7x2"):
        run(pattern, "chunks", frames=chunk, jobs=2)
    whole = frames(tmp_path / "whole")
    assert len(whole) == 12
    assert frames(tmp_path / "chunks") == whole
    assert run(pattern, "chunks").up_to_date == 12


def test_a_changed_frame_renders_again_what_it_is_seen_in(plate: Plate, run: Any, temporal_mean: Any) -> None:
    pattern, node = plate(range(1, 21)), temporal_mean(radius=1)
    assert run(pattern, "made", [node]).written == 20
    plate([10], height=24, pixel_aspect=2.0)
    again = run(pattern, "made", [node])
    # One frame beside it in the window, three more for the detection of cuts.
    assert again.written == 9
    assert again.up_to_date == 11


def test_cut_lists_keep_shots_apart_and_count_as_a_change(plate: Plate, run: Any, tmp_path: Path) -> None:
    pattern = plate(range(1, 9), depth=("float",) * 3)
    (tmp_path / "cuts.txt").write_text("1 5")
    run(pattern, "cut", cuts=str(tmp_path / "cuts.txt"))
    run(pattern, "uncut")
    with_cut, without = frames(tmp_path / "cut"), frames(tmp_path / "uncut")
    assert {n for n in with_cut if with_cut[n] != without[n]} == {3, 4, 5, 6}
    assert run(pattern, "uncut", cuts=str(tmp_path / "cuts.txt")).written == 8


def test_missing_neighbours_are_an_error_and_may_be_held(plate: Plate, run: Any) -> None:
    pattern = plate([1, 2, 3, 4, 6, 7, 8, 9])
    with pytest.raises(InputError, match="1 frame missing: 5"):
        run(pattern, "made", frames="7")
    assert run(pattern, "made", frames="1-9x4", missing="hold").written == 3
    left_out = run(pattern, "skipped", missing="skip")
    assert (left_out.written, left_out.left_out) == (8, 1)


def test_windows_that_move_are_compared_where_they_overlap(plate: Plate, run: Any, tmp_path: Path) -> None:
    size, depth = Box(0, 0, 64, 64), ("float",) * 3
    pattern = plate(range(1, 5), display_window=size, depth=depth)
    plate([3], display_window=size, data_window=Box(5, 2, 37, 26), depth=depth)
    (tmp_path / "cuts.txt").write_text("1")
    run(pattern, "made", cuts=str(tmp_path / "cuts.txt"))
    made = open_clip(tmp_path / "made")
    windows = [made.read(n).data_window for n in (1, 2, 3, 4)]
    assert windows == [Box(0, 0, 32, 24), Box(0, 0, 32, 24), Box(5, 2, 37, 26), Box(0, 0, 32, 24)]
    run(pattern, "part", frames="3-4", cuts=str(tmp_path / "cuts.txt"))
    assert frames(tmp_path / "part") == {n: p for n, p in frames(tmp_path / "made").items() if n > 2}


def test_the_mask_is_not_written_over(plate: Plate, run: Any, tmp_path: Path) -> None:
    pattern = plate([1], depth=("float",) * 3)
    mask = tmp_path / "mask.0001.exr"
    first = open_clip(pattern).path_of(1)
    assert first
    shutil.copy(first, mask)
    before = mask.read_bytes()
    with pytest.raises(UsageError, match=r"would overwrite the input .*mask"):
        run(pattern, str(mask), inputs={"mask": str(mask)}, overwrite=True)
    assert mask.read_bytes() == before


def test_masks_by_number_limit_the_result(plate: Plate, run: Any, tmp_path: Path) -> None:
    from interneg.io.image_writer import write_image

    pattern = plate(range(1, 5), depth=("float",) * 3)
    (tmp_path / "mask").mkdir()
    for number in range(1, 5):
        amount = np.zeros((1, 24, 32), np.float32)
        amount[:, :, 8 * (number - 1) : 8 * number] = 1
        path = tmp_path / "mask" / f"m.{number:04d}.exr"
        write_image(path, Frame.of(amount), attributes={}, warn=lambda kind, sentence: None)
    run(pattern, "made", inputs={"mask": str(tmp_path / "mask")})
    run(pattern, "full")
    source, made, full = open_clip(pattern), open_clip(tmp_path / "made"), open_clip(tmp_path / "full")
    for number in range(1, 5):
        inside = np.zeros(32, bool)
        inside[8 * (number - 1) : 8 * number] = True
        result = made.read(number).pixels
        np.testing.assert_array_equal(result[:, :, inside], full.read(number).pixels[:, :, inside])
        np.testing.assert_array_equal(result[:, :, ~inside], source.read(number).pixels[:, :, ~inside])


def test_a_movie_is_made_whole_and_known_again(plate: Plate, run: Any, tmp_path: Path) -> None:
    pattern = plate(range(1, 7), suffix=".png", depth=("uint8",) * 3)
    movie = tmp_path / "made.mkv"
    assert run(pattern, str(movie)).written == 6
    clip = open_clip(movie)
    assert clip.numbers == tuple(range(1, 7))
    clip.close()
    before = movie.stat().st_mtime_ns
    assert run(pattern, str(movie)).up_to_date == 6
    assert movie.stat().st_mtime_ns == before
    assert run(pattern, str(movie), frames="1-3").written == 3
    movie.write_bytes(b"somebody else's")
    with pytest.raises(OutputError, match="not written by interneg"):
        run(pattern, str(movie))
    assert movie.read_bytes() == b"somebody else's"


def test_a_movie_whose_input_breaks_off_leaves_nothing(plate: Plate, run: Any, tmp_path: Path) -> None:
    pattern = plate(range(1, 7), suffix=".png", depth=("uint8",) * 3)
    Path(pattern.replace("####", "0005")).write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        run(pattern, str(tmp_path / "made.mkv"))
    assert not [p for p in tmp_path.rglob("*") if "made" in p.name and p.is_file()]


def test_layers_that_stay_as_they_are_are_named(run: Any, tmp_path: Path, caplog: Any) -> None:
    names = [f"{layer}.{c}" for layer in ("beauty", "diffuse") for c in "RGB"]
    pixels = np.random.default_rng(6).random((8, 12, 6), np.float32)
    spec = oiio.ImageSpec(12, 8, 6, "float")
    spec.channelnames = names
    file = oiio.ImageOutput.create("exr")
    assert file
    assert file.open(str(tmp_path / "layers.0001.exr"), spec) and file.write_image(pixels) and file.close()
    run(str(tmp_path / "layers.####.exr"), "made")
    assert "the picture is beauty.R, beauty.G, beauty.B; these layers are carried as they are" in caplog.text
    made = open_clip(tmp_path / "made").read(1)
    order = [made.channels.index(n) for n in names[3:]]
    assert (made.pixels[order] == pixels[..., 3:].transpose(2, 0, 1)).all()


def test_a_synthesis_aov_is_refused_where_the_output_cannot_hold_it(
    plate: Plate, run: Any, temporal_mean: Any, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="cannot hold the synthesis AOV of temporal-mean: write EXR"):
        run(plate(range(1, 3)), f"{tmp_path}/made.####.png", nodes=[temporal_mean(synthesis=True)])
    assert not list(tmp_path.glob("made*"))
    assert run(plate(range(1, 3)), "aov", nodes=[temporal_mean(synthesis=True)]).written == 2


def test_a_curve_is_followed_and_is_part_of_what_frames_were_made_from(
    plate: Plate, run: Any, temporal_mean: Any, tmp_path: Path
) -> None:
    pattern = plate(range(1001, 1004), depth=("float",) * 3)
    moving = temporal_mean(radius=0, gain={1001: 1.0, 1003: 2.0})
    assert run(pattern, "moving", [moving]).written == 3
    made = frames(tmp_path / "moving")
    for number in made:
        run(pattern, f"{number}", [moving.at(number)], frames=str(number))
        assert frames(tmp_path / str(number))[number] == made[number]
    assert len({moving.at(n).gain for n in made}) == 3
    assert run(pattern, "moving", [moving]).up_to_date == 3
    assert run(pattern, "moving", [temporal_mean(radius=0, gain={1001: 1.0, 1003: 2.5})]).written == 3


def test_a_curve_beyond_its_limits_is_refused_before_the_work(
    plate: Plate, run: Any, temporal_mean: Any, tmp_path: Path
) -> None:
    node = temporal_mean(strength=Curve((Key(1002, 0.5, (9.0, 0.0)), Key(1006, 1.0))))
    with pytest.raises(KnobError, match="strength' is a number from 0 to 1"):
        run(plate(range(1001, 1004)), "made", [node])
    assert not list(tmp_path.glob("made/*.exr"))
