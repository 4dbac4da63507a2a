"""Every bad input through the real command: a clear error or a right result, and nothing lost."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from interneg.engines.models import load_catalogue
from interneg.engines.runtimes import RUNTIMES
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError
from interneg.frame import Box, Frame
from interneg.graph import Graph
from interneg.io import open_clip
from interneg.io.formats import JPEG_QUALITY
from interneg.io.image_reader import read_attributes, read_image
from interneg.io.image_writer import write_image
from interneg.io.movie_formats import H264_QUALITY
from interneg.io.movie_output import DEFAULT_RATE
from interneg.plugin.cli.main import app
from tests.core.io.ffmpeg import ffmpeg, pictures, tone
from tests.core.io.ffmpeg import movie as movie_of

COPY = "denoise-sr:strength=0"
LITE = "denoise-sr:noise=10"
needs_lite = pytest.mark.skipif(
    "denoise-sr-lite-x1" not in load_catalogue(), reason="no lite model trained yet"
)

Plate = Callable[..., str]


@pytest.fixture
def out(tmp_path: Path) -> str:
    return str(tmp_path / "out" / "made.####.exr")


def render(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def failed(code: int, says: str, *arguments: object) -> Result:
    made = render(*arguments)
    assert made.exit_code == code, made.output
    lines = made.stderr.splitlines()
    assert re.search(says, lines[-1]), made.stderr
    assert lines[-1].startswith("interneg: ")
    assert "Traceback" not in made.output
    return made


def written(out: str) -> dict[int, Frame]:
    folder = Path(out).parent
    assert not [p for p in folder.rglob("*") if ".tmp" in p.name]
    clip = open_clip(out)
    return {n: clip.read(n) for n in clip.numbers}


def at(pattern: str, number: int) -> Path:
    return Path(pattern.replace("####", f"{number:04d}"))


def spoil(pattern: str, number: int, content: bytes | None) -> Path:
    path = at(pattern, number)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return path


def truncate(pattern: str, number: int) -> Path:
    path = at(pattern, number)
    return spoil(pattern, number, path.read_bytes()[: path.stat().st_size * 2 // 3])


# What is right


def test_the_help_says_what_files_become() -> None:
    page = " ".join(CliRunner().invoke(app, ["render", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert ".mov is ProRes 422 HQ" in page
    assert f"H.264 at crf {H264_QUALITY} in 8 or 10 bit, .mkv is lossless FFV1" in page
    assert (
        f"the frame rate of the input, else {DEFAULT_RATE}, and times of frames and sound of an input movie."
        in page
    )
    assert f"JPEG is written at quality {JPEG_QUALITY}" in page


def test_a_bypassed_render_is_a_faithful_copy(plate: Plate, out: str) -> None:
    pattern = plate()
    made = render(COPY, pattern, out)
    assert made.exit_code == 0, made.output
    source = open_clip(pattern)
    frames = written(out)
    assert list(frames) == list(source.numbers)
    for number, frame in frames.items():
        np.testing.assert_array_equal(frame.pixels, source.read(number).pixels)
        assert frame.depth == ("half",) * 3
    facts = {k: v for k, v in read_attributes(at(out, 1001)).items() if "interneg:" in k}
    assert {"interneg:key", "interneg:recipe", "interneg:input", "interneg:version"} <= facts.keys()


def test_a_farm_reads_its_progress_and_no_alarming_words(plate: Plate, out: str) -> None:
    made = render(COPY, plate(), out)
    progress = [float(p) for p in re.findall(r"^openjd_progress: ([\d.]+)$", made.stdout, re.MULTILINE)]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert re.search(r"^openjd_status: .*6 frames written", made.stdout, re.MULTILINE)
    assert "ERROR" not in made.output
    assert "Error:" not in made.output


@needs_lite
@pytest.mark.parametrize(("scale", "size"), [(1, (24, 32)), (2, (48, 64))])
def test_denoise_sr_renders(plate: Plate, out: str, scale: int, size: tuple[int, int]) -> None:
    pattern = plate(range(1, 3))
    made = render(LITE, pattern, out, "--set", f"denoise-sr.scale={scale}", "--input-space", "ACEScg")
    assert made.exit_code == 0, made.output
    frames = written(out)
    assert list(frames) == [1, 2]
    for frame in frames.values():
        assert frame.pixels.shape == (3, *size)
        assert np.isfinite(frame.pixels).all()


@needs_lite
def test_chunks_are_the_whole_file_for_file(plate: Plate, out: str, tmp_path: Path) -> None:
    pattern = plate(range(1, 7))
    chunks = str(tmp_path / "chunks" / "made.####.exr")
    assert render(LITE, pattern, out).exit_code == 0
    for frames in ("4-6", "1-5x2", "2"):
        assert render(LITE, pattern, chunks, "--frames", frames, "--jobs", 2).exit_code == 0
    whole, pieces = written(out), written(chunks)
    assert whole.keys() == pieces.keys()
    for number, frame in whole.items():
        np.testing.assert_array_equal(pieces[number].pixels, frame.pixels)
    again = render(LITE, pattern, chunks)
    assert "frames 1-6 up to date (6/6)" in again.stdout


@needs_lite
@pytest.mark.parametrize("size", [(1, 1), (5, 7), (31, 17)])
@pytest.mark.parametrize("channels", [1, 3, 4, 12])
def test_any_size_and_any_channels(plate: Plate, out: str, size: tuple[int, int], channels: int) -> None:
    pattern = plate([1], height=size[0], width=size[1], channels=channels)
    made = render("denoise-sr:noise=10,scale=2", pattern, out)
    assert made.exit_code == 0, made.output
    source = read_image(at(pattern, 1))
    frame = written(out)[1]
    assert frame.channels == source.channels
    assert frame.pixels.shape == (channels, 2 * size[0], 2 * size[1])


@needs_lite
def test_nan_and_inf_come_through_and_are_told(plate: Plate, out: str) -> None:
    pattern = plate([7])
    path = at(pattern, 7)
    pixels = read_image(path).pixels.copy()
    pixels[0, 3, 4], pixels[2, 10, 10] = np.nan, np.inf
    write_image(path, Frame.of(pixels, depth=("half",) * 3), attributes={}, warn=lambda kind, sentence: None)
    made = render(LITE, pattern, out)
    assert made.exit_code == 0, made.output
    assert "2 pixels are NaN or inf and stay so, in 1 frame: 7" in made.stderr
    frame = written(out)[7]
    np.testing.assert_array_equal(frame.pixels[:, 3, 4], pixels[:, 3, 4])
    np.testing.assert_array_equal(frame.pixels[:, 10, 10], pixels[:, 10, 10])
    assert np.count_nonzero(~np.isfinite(frame.pixels)) == 2


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


def test_the_output_space_is_converted_to_and_tagged(plate: Plate, out: str) -> None:
    pattern = plate([1])
    made = render(COPY, pattern, out, "--input-space", "ACEScg", "--output-space", "ACES2065-1")
    assert made.exit_code == 0, made.output
    source, frame = read_image(at(pattern, 1)), written(out)[1]
    # AP1 to AP0, S-2014-004, annex A.
    matrix = [
        [0.6954522, 0.1406787, 0.1638691],
        [0.0447946, 0.8596711, 0.0955343],
        [-0.0055259, 0.0040252, 1.0015007],
    ]
    wanted = np.tensordot(matrix, source.pixels, 1)
    np.testing.assert_allclose(frame.pixels, wanted, atol=2e-3)
    again = render(COPY, out, out.replace("made", "back"), "--output-space", "ACEScg")
    assert again.exit_code == 0, again.output
    assert "is in ACES2065-1" in again.stdout


def test_a_recipe_file_with_its_mask_and_spaces(plate: Plate, out: str, tmp_path: Path) -> None:
    recipe = tmp_path / "restore.toml"
    recipe.write_text('[colour]\ninput = "ACEScg"\n[[node]]\nname = "denoise-sr"\nstrength = 0.0\n')
    made = render(recipe, plate(), out)
    assert made.exit_code == 0, made.output
    assert "is in ACEScg (asked for as 'ACEScg')" in made.stdout


@pytest.mark.parametrize(
    ("name", "depth", "stored"),
    [
        ("made.####.exr", "float", "float"),
        ("made.####.dpx", "uint10", "uint10"),
        ("made.####.tif", "uint16", "uint16"),
        ("made.####.png", "uint8", "uint8"),
    ],
)
def test_the_depth_that_was_asked_for(
    plate: Plate, tmp_path: Path, name: str, depth: str, stored: str
) -> None:
    pattern, out = plate([1]), str(tmp_path / "out" / name)
    made = render(COPY, pattern, out, "--depth", depth)
    assert made.exit_code == 0, made.output
    assert written(out)[1].depth == (stored,) * 3
    assert "1 up to date" in render(COPY, pattern, out, "--depth", depth).stdout


@pytest.mark.parametrize(("name", "depth"), [("made.mkv", "uint16"), ("made.mp4", "uint10")])
def test_the_depth_of_a_movie(plate: Plate, tmp_path: Path, name: str, depth: str) -> None:
    pattern, out = plate([1, 2], suffix=".png", depth=("uint8",) * 3), str(tmp_path / "out" / name)
    made = render(COPY, pattern, out, "--depth", depth)
    assert made.exit_code == 0, made.output
    assert written(out)[1].depth == (depth,) * 3


def test_another_depth_renders_again_and_spares_layers(plate: Plate, out: str, tmp_path: Path) -> None:
    pattern = plate([1], channels=12, depth=("half",) * 4 + ("float",) * 8)
    assert render(COPY, pattern, out).exit_code == 0
    recipe = tmp_path / "float.toml"
    recipe.write_text('[output]\ndepth = "float"\n[[node]]\nname = "denoise-sr"\nstrength = 0.0\n')
    assert "1 frame written" in render(recipe, pattern, out).stdout
    assert written(out)[1].depth == ("float",) * 12
    assert "1 frame written" in render(recipe, pattern, out, "--depth", "half").stdout
    assert written(out)[1].depth == ("half",) * 4 + ("float",) * 8


# Resuming


def stamps(out: str) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in Path(out).parent.glob("*.exr")}


def test_a_second_render_writes_nothing(plate: Plate, out: str) -> None:
    pattern = plate()
    assert render(COPY, pattern, out).exit_code == 0
    before = stamps(out)
    made = render(COPY, pattern, out)
    assert made.exit_code == 0
    assert "0 frames written, 6 up to date" in made.stdout
    assert "fps" not in made.stdout
    assert stamps(out) == before


def test_only_what_changed_is_rendered_again(plate: Plate, out: str) -> None:
    pattern = plate()
    assert render(COPY, pattern, out).exit_code == 0
    before = stamps(out)
    at(pattern, 1003).write_bytes(at(pattern, 1001).read_bytes())
    at(out, 1005).unlink()
    made = render(COPY, pattern, out)
    assert "2 frames written" in made.stdout
    after = stamps(out)
    assert {n for n in after if after[n] != before[n]} == {"made.1003.exr", "made.1005.exr"}


@pytest.mark.parametrize("change", [["--set", "denoise-sr.detail=0.5"], ["--input-space", "ACEScg"]])
def test_another_recipe_renders_all_again(plate: Plate, out: str, change: list[str]) -> None:
    pattern = plate()
    assert render(COPY, pattern, out).exit_code == 0
    assert "6 frames written" in render(COPY, pattern, out, *change).stdout


def test_overwrite_renders_all_again(plate: Plate, out: str) -> None:
    pattern = plate()
    assert render(COPY, pattern, out).exit_code == 0
    assert "6 frames written" in render(COPY, pattern, out, "--overwrite").stdout


@pytest.mark.parametrize("suffix", [".exr", ".dpx", ".png"])
def test_damaged_outputs_are_rendered_again(plate: Plate, out: str, suffix: str) -> None:
    pattern, out = plate(suffix=suffix, depth=("uint8",) * 3), out.replace(".exr", suffix)
    assert render(COPY, pattern, out).exit_code == 0
    spoil(out, 1002, b"")
    truncate(out, 1005)
    made = render(COPY, pattern, out)
    assert made.exit_code == 0, made.output
    assert "2 frames written" in made.stdout
    np.testing.assert_array_equal(written(out)[1005].pixels, read_image(at(pattern, 1005)).pixels)


def test_a_strangers_file_is_never_replaced_unasked(plate: Plate, out: str) -> None:
    pattern = plate()
    stranger = at(out, 1004)
    stranger.parent.mkdir()
    stranger.write_bytes(at(pattern, 1001).read_bytes())
    before = stranger.read_bytes()
    failed(6, "made.1004.exr.* not written by interneg.*--overwrite", COPY, pattern, out)
    assert stamps(out).keys() == {stranger.name}
    assert stranger.read_bytes() == before
    assert render(COPY, pattern, out, "--overwrite").exit_code == 0
    assert stranger.read_bytes() != before


# Frames that are not there or not readable


def test_all_missing_frames_are_named_before_the_work(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 4, 7, 8])
    failed(3, r"3 frames missing: 3,5-6; there are 1-2,4,7-8", COPY, pattern, out)
    failed(3, r"2 frames missing: 3,5", COPY, pattern, out, "--frames", "1-5,7-8")
    assert not Path(out).parent.exists()


@pytest.mark.parametrize("rule", ["error", "hold", "skip"])
@pytest.mark.parametrize(
    ("frames", "beyond"), [("1004-1016", "1007-1016"), ("1000,1002", "1000"), ("-3--1", "-3--1")]
)
def test_frames_beyond_the_ends_are_no_gaps(
    plate: Plate, out: str, rule: str, frames: str, beyond: str
) -> None:
    says = f"has frames 1001-1006; --frames {frames} asks for {beyond} beyond its ends"
    failed(3, says, COPY, plate(), out, "--frames", frames, "--missing", rule)
    assert not Path(out).parent.exists()


def test_missing_frames_may_be_held(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 5])
    made = render(COPY, pattern, out, "--missing", "hold", "--frames", "1-5")
    assert made.exit_code == 0, made.output
    assert "2 frames missing: 3-4" in made.stderr
    source, frames = open_clip(pattern), written(out)
    for number, shown in {1: 1, 2: 2, 3: 2, 4: 2, 5: 5}.items():
        np.testing.assert_array_equal(frames[number].pixels, source.read(shown).pixels)
    plate([4])
    assert "1 frame written" in render(COPY, pattern, out, "--missing", "hold").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_broken_link_is_held_or_left_out(plate: Plate, out: str) -> None:
    pattern = plate([1, 2, 4])
    source = open_clip(pattern)
    path = source.path_of(2)
    assert path is not None
    path.with_name(path.name.replace("2", "3")).symlink_to("gone")
    failed(3, "3", COPY, pattern, out)
    assert render(COPY, pattern, out, "--missing", "hold").exit_code == 0
    np.testing.assert_array_equal(written(out)[3].pixels, source.read(2).pixels)
    assert (
        "1 left out"
        in render(COPY, pattern, str(Path(out).parent / "skip.####.exr"), "--missing", "skip").stdout
    )


def test_missing_frames_may_be_left_out(plate: Plate, out: str) -> None:
    made = render(COPY, plate([1, 2, 5]), out, "--missing", "skip")
    assert made.exit_code == 0, made.output
    assert "3 frames written" in made.stdout
    assert "2 left out" in made.stdout
    assert list(written(out)) == [1, 2, 5]


def corrupt(pattern: str, number: int) -> Path:
    """Damage that only decoding finds: the file's header, first and last rows are whole."""
    path = at(pattern, number)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("spoiled", "says"),
    [
        (truncate, "damaged or truncated"),
        (lambda p, n: spoil(p, n, b""), "empty"),
        (lambda p, n: spoil(p, n, b"x" * 99), "not a readable"),
    ],
)
def test_all_damage_that_shows_at_once_is_named_before_the_work(
    plate: Plate, out: str, spoiled: Callable[[str, int], Path], says: str
) -> None:
    pattern = plate()
    path = spoiled(pattern, 1004)
    failed(3, f"frame 1004 cannot be read: {re.escape(str(path))}.*{says}", COPY, pattern, out)
    spoiled(pattern, 1002)
    spoiled(pattern, 1005)
    failed(3, "3 frames cannot be read: 1002,1004-1005; the first: .*1002.exr.*--missing", COPY, pattern, out)
    assert not Path(out).parent.exists()
    assert render(COPY, pattern, out, "--frames", "1003").exit_code == 0
    held = render(COPY, pattern, out, "--missing", "hold")
    assert held.exit_code == 0, held.output
    assert "frame 1004 cannot be read" in held.stderr
    np.testing.assert_array_equal(written(out)[1004].pixels, written(out)[1003].pixels)


def test_a_damaged_frame_stops_the_work_and_finished_frames_stay(plate: Plate, out: str) -> None:
    pattern = plate(height=100)
    path = corrupt(pattern, 1004)
    failed(3, f"frame 1004 cannot be read: {re.escape(str(path))}.*damaged", COPY, pattern, out)
    assert {1001, 1002, 1003} <= written(out).keys()
    assert 1004 not in written(out)


def test_what_broke_during_the_work_is_named_all(
    plate: Plate, out: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = plate(range(1, 40))

    def breaking(self: Graph, number: int) -> Frame:
        if number == 1:
            for broken in (37, 38, 39):
                truncate(pattern, broken)
        return whole(self, number)

    whole = Graph.render
    monkeypatch.setattr(Graph, "render", breaking)
    failed(3, "3 frames cannot be read: 37-39; the first", COPY, pattern, out)


def test_a_damaged_frame_may_be_left_out(plate: Plate, out: str) -> None:
    pattern = plate()
    truncate(pattern, 1002)
    made = render(COPY, pattern, out, "--missing", "skip")
    assert made.exit_code == 0, made.output
    assert "5 frames written" in made.stdout
    assert list(written(out)) == [1001, 1003, 1004, 1005, 1006]


def test_a_clip_without_a_readable_frame(plate: Plate, out: str) -> None:
    pattern = plate([1, 2])
    for number in (1, 2):
        spoil(pattern, number, b"")
    failed(3, "none of its frames can be read", COPY, pattern, out, "--missing", "hold")
    spoil(pattern, 1, b"no picture")
    failed(3, "be read: .*0001.exr: not a readable OpenEXR", COPY, pattern, out, "--missing", "hold")


def test_a_wrong_extension_is_named(plate: Plate, out: str) -> None:
    pattern = plate([1])
    path = at(pattern, 1)
    path.rename(path.with_suffix(".png"))
    failed(3, "the name says PNG, but the file is really OPENEXR", COPY, path.with_suffix(".png"), out)


def test_an_input_that_does_not_exist(out: str, tmp_path: Path) -> None:
    failed(3, "no such file or folder", COPY, tmp_path / "none.exr", out)
    failed(3, "no frame of this sequence exists", COPY, tmp_path / "none.####.exr", out)


def test_another_size_within_the_clip_is_an_input_problem(plate: Plate, out: str) -> None:
    pattern = plate(range(1, 5))
    plate([4], height=30)
    failed(3, "frame 4 is 32x30, the clip began with 32x24", COPY, pattern, out)
    assert list(written(out)) == [1, 2, 3]


def test_data_windows_may_move_from_frame_to_frame(plate: Plate, out: str) -> None:
    pattern = plate(range(1, 3), display_window=Box(0, 0, 40, 40))
    path = at(pattern, 2)
    moved = replace(read_image(path), data_window=Box(4, 4, 36, 28))
    write_image(path, moved, attributes={}, warn=lambda kind, sentence: None)
    made = render(COPY, pattern, out)
    assert made.exit_code == 0, made.output
    assert written(out)[2].data_window == Box(4, 4, 36, 28)


# What cannot be asked for


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["denoise-sr:scael=2"], "no knob 'scael' .did you mean 'scale'"),
        (["denoise-sr:detail=2"], "knob 'denoise-sr.detail' is a number from 0 to 1, not '2'"),
        (["denoise-sr:scale=3"], "knob 'denoise-sr.scale' is one of 1, 2, 4, not '3'"),
        (["denoise"], "no node 'denoise' .did you mean 'denoise-sr'"),
        (["none.toml"], "the recipe none.toml cannot be read"),
        ([COPY, "--set", "denoise-sr.scale"], "'scale' of denoise-sr has no value: expected scale=VALUE"),
        (["denoise-sr:scale=2,scale=4"], "sets scale twice"),
        ([COPY, "--input-space", "ACESgc"], "'ACESgc' is no colour space.*did you mean '.*ACEScg'"),
        ([COPY, "--output-space", "nowhere"], "'nowhere' is no colour space"),
        ([COPY, "--frames", "10-1"], "'10-1' is empty"),
        ([COPY, "--runtime", "openvimo"], "no runtime 'openvimo' .did you mean 'openvino'"),
        ([COPY, "--runtime", "tensorrtx"], "no runtime 'tensorrtx'"),
        ([COPY, "--memory", "0"], "--memory is a number of GiB above 0"),
        ([COPY, "--reference", "ref.exr"], "no node of this recipe takes a reference"),
    ],
)
def test_usage_is_2_and_says_what_was_expected(
    plate: Plate, out: str, arguments: list[str], says: str
) -> None:
    recipe, *options = arguments
    failed(2, says, recipe, plate([1]), out, *options)
    assert not Path(out).parent.exists()


def test_options_that_do_not_exist_are_2(plate: Plate, out: str) -> None:
    assert render(COPY, plate([1]), out, "--missing", "perhaps").exit_code == 2
    assert render(COPY, plate([1]), out, "--frame", "1").exit_code == 2
    assert render(COPY).exit_code == 2


def test_a_cut_list_of_another_clip_is_told(
    plate: Plate, out: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cuts.txt").write_text("90000\n")
    done = render(COPY, plate([1, 2]), out, "--cuts", tmp_path / "cuts.txt")
    assert done.exit_code == 0, done.output
    assert "has no cut within frames 1-2, so the clip is taken for one shot" in caplog.text + done.output


def test_a_cut_list_that_is_none(plate: Plate, out: str, tmp_path: Path) -> None:
    (tmp_path / "cuts.txt").write_text("1001\nsoon")
    failed(2, "line 2 of the cut list has 'soon'", COPY, plate(), out, "--cuts", tmp_path / "cuts.txt")
    failed(3, "the cut list .* cannot be read", COPY, plate(), out, "--cuts", tmp_path / "none.edl")


def test_the_input_is_never_written_over(plate: Plate, tmp_path: Path) -> None:
    pattern = plate()
    before = {p: p.read_bytes() for p in Path(pattern).parent.iterdir()}
    for target in (pattern, Path(pattern).parent, pattern.replace("####", "%04d")):
        failed(2, "would overwrite the input", COPY, pattern, target, "--overwrite")
    (tmp_path / "link").symlink_to(Path(pattern).parent)
    failed(2, "would overwrite the input", COPY, pattern, tmp_path / "link" / "plate.####.exr", "--overwrite")
    assert {p: p.read_bytes() for p in Path(pattern).parent.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "depth", "says"),
    [
        ("made.####.exr", "uint16", "OpenEXR cannot store uint16; possible are .*half, float"),
        ("made.####.dpx", "half", "DPX cannot store half; possible are uint8, uint10, uint12, uint16"),
        ("made.mov", "uint16", "movies of this type cannot store uint16; possible are uint10"),
    ],
)
def test_a_depth_that_the_format_lacks_is_refused(
    plate: Plate, tmp_path: Path, name: str, depth: str, says: str
) -> None:
    failed(2, says, COPY, plate([1]), tmp_path / "out" / name, "--depth", depth)
    assert not (tmp_path / "out").exists()


def test_one_image_cannot_hold_a_clip(plate: Plate, tmp_path: Path) -> None:
    failed(2, "one image cannot hold 6 frames", COPY, plate(), tmp_path / "out.exr")


# What the machine cannot do


def test_an_output_folder_that_cannot_be_made(plate: Plate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    failed(
        6, "a part of its path is a file, not a folder", COPY, plate(), tmp_path / "file" / "made.####.exr"
    )


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "interneg.plugin.cli", "render", *map(str, arguments)]


def test_a_full_disk_is_6_and_leaves_nothing_half_written(plate: Plate, out: str) -> None:
    pattern = plate(range(1, 4), height=128, width=128)

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    made = subprocess.run(command(COPY, pattern, out), capture_output=True, text=True, preexec_fn=no_room)
    assert made.returncode == 6, made.stderr
    assert "could not be written" in made.stderr
    assert not list(Path(out).parent.iterdir())


def test_a_memory_limit_that_is_too_low_is_33(plate: Plate, out: str) -> None:
    made = failed(33, r"raise --memory", COPY, plate(), out, "--memory", "0.00001")
    assert "MiB" in made.stderr


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (MemoryError(), 33, "out of memory"),
        (HostMemoryError("no memory for tiles"), 33, "no memory for tiles"),
        (GpuMemoryError("no GPU memory"), 4, "no GPU memory"),
        (EngineError("no engine"), 5, "no engine"),
        (ZeroDivisionError("a mistake"), 1, "unexpected ZeroDivisionError: a mistake"),
    ],
)
def test_what_fails_inside_a_frame_has_its_exit_code(
    plate: Plate, out: str, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, says: str
) -> None:
    def broken(self: Graph, number: int) -> Frame:
        if number == 1003:
            raise error
        return whole(self, number)

    whole = Graph.render
    monkeypatch.setattr(Graph, "render", broken)
    failed(code, says, COPY, plate(), out)
    assert {1001, 1002} <= written(out).keys()
    assert 1003 not in written(out)


@needs_lite
@pytest.mark.skipif(bool(RUNTIMES["torch"].unavailable()), reason="torch is not installed")
def test_a_precision_that_no_runtime_has_is_5(plate: Plate, out: str) -> None:
    failed(
        5,
        "cannot run denoise-sr-lite-x1 in fp16",
        LITE,
        plate([1]),
        out,
        "--runtime",
        "torch",
        "--precision",
        "fp16",
    )


def test_a_runtime_that_is_not_there_is_5(plate: Plate, out: str) -> None:
    if RUNTIMES["tensorrt"].unavailable() is None:
        pytest.skip("TensorRT is here")
    says = "tensorrt: there is no NVIDIA GPU"
    failed(5, says, COPY, plate([1]), out, "--runtime", "tensorrt")


# Nobody listens


def test_the_work_goes_on_when_nobody_reads_the_progress(plate: Plate, out: str) -> None:
    line = " ".join(f"'{a}'" for a in command(COPY, plate(), out))
    script = f"set -o pipefail; {line} | head -1"
    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert len(written(out)) == 6
    broken = subprocess.run(["bash", "-c", f"set -o pipefail; {line} --frames 9 2>&1 | true"])
    assert broken.returncode == 3


# Ctrl-C


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_whole_frames_and_the_next_render_goes_on(
    plate: Plate, out: str, kind: signal.Signals
) -> None:
    pattern = plate(range(1, 61), height=240, width=320, channels=4)
    process = subprocess.Popen(
        command(COPY, pattern, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("frame 3 "):
            break
    process.send_signal(kind)
    started = time.monotonic()
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert time.monotonic() - started < 5
    assert "that was written is whole" in stderr
    there = written(out)
    assert 3 <= len(there) < 60
    for number, frame in there.items():
        np.testing.assert_array_equal(frame.pixels, read_image(at(pattern, number)).pixels)
    made = render(COPY, pattern, out)
    assert f"{60 - len(there)} frames written" in made.stdout
    assert f"{len(there)} up to date" in made.stdout
    assert list(written(out)) == list(range(1, 61))


def test_a_gap_in_a_folder_is_held(plate: Plate, out: str) -> None:
    folder = Path(plate(range(1, 5))).parent
    (gone,) = (p for p in folder.iterdir() if p.stem.endswith("0003"))
    gone.unlink()
    made = render(COPY, folder, out, "--missing", "hold")
    assert made.exit_code == 0, made.stderr
    assert "4 frames written" in made.stdout


def test_a_movie_that_is_cut_short_is_3_and_what_is_there_can_be_had(
    plate: Plate, out: str, tmp_path: Path
) -> None:
    movie = tmp_path / "whole.mkv"
    pattern = plate(range(1, 13), height=64, width=64)
    assert render(COPY, pattern, movie, "--output-space", "sRGB Encoded Rec.709 (sRGB)").exit_code == 0
    data = movie.read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    made = failed(
        3, r"is cut short: its header speaks of \d+ bytes", COPY, cut, out, "--output-space", "ACEScg"
    )
    (there,) = re.findall(r"--frames (\d+-\d+)", made.stderr)
    assert render(COPY, cut, out, "--frames", there, "--output-space", "ACEScg").exit_code == 0


def test_what_becomes_of_sound_is_the_users_choice(tmp_path: Path) -> None:
    movie = tmp_path / "a.mkv"
    ffmpeg(*pictures(0.5), *tone(0.5), "-c:v", "ffv1", "-c:a", "flac", movie)
    for how, others in (("copy", ()), ("convert", ("audio (pcm_s24le)",)), ("none", ())):
        made = render(COPY, movie, tmp_path / f"{how}.mov", "--sound", how)
        assert made.exit_code == 0, made.stderr
        assert movie_of(tmp_path / f"{how}.mov").others == others
        assert ("--sound convert makes it pcm_s24le" in made.stderr) == (how == "copy")
    assert render(COPY, movie, tmp_path / "b.mov", "--sound", "loud").exit_code == 2
