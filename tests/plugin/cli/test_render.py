"""`interneg render`: each frame is what the recipe makes of it, in any size, chunks and colour space."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from interneg.frame import Box, Frame
from interneg.io import open_clip
from interneg.io.formats import JPEG_QUALITY
from interneg.io.image_reader import read_attributes, read_image
from interneg.io.image_writer import write_image
from interneg.io.movie_formats import H264_QUALITY
from interneg.io.movie_output import DEFAULT_RATE
from interneg.plugin.cli.main import app
from tests.core.io.ffmpeg import ffmpeg, pictures, tone
from tests.core.io.ffmpeg import movie as movie_of
from tests.plugin.cli.renders import COPY, LITE, Plate, at, needs_lite, render, written


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


def test_data_windows_may_move_from_frame_to_frame(plate: Plate, out: str) -> None:
    pattern = plate(range(1, 3), display_window=Box(0, 0, 40, 40))
    path = at(pattern, 2)
    moved = replace(read_image(path), data_window=Box(4, 4, 36, 28))
    write_image(path, moved, attributes={}, warn=lambda kind, sentence: None)
    made = render(COPY, pattern, out)
    assert made.exit_code == 0, made.output
    assert written(out)[2].data_window == Box(4, 4, 36, 28)


def test_what_becomes_of_sound_is_the_users_choice(tmp_path: Path) -> None:
    movie = tmp_path / "a.mkv"
    ffmpeg(*pictures(0.5), *tone(0.5), "-c:v", "ffv1", "-c:a", "flac", movie)
    for how, others in (("copy", ()), ("convert", ("audio (pcm_s24le)",)), ("none", ())):
        made = render(COPY, movie, tmp_path / f"{how}.mov", "--sound", how)
        assert made.exit_code == 0, made.stderr
        assert movie_of(tmp_path / f"{how}.mov").others == others
        assert ("--sound convert makes it pcm_s24le" in made.stderr) == (how == "copy")
    assert render(COPY, movie, tmp_path / "b.mov", "--sound", "loud").exit_code == 2
