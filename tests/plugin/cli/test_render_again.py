"""Rendering again: only what is missing, changed or damaged is written, and nothing of a stranger's."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from interneg.io.image_reader import read_image
from tests.plugin.cli.renders import COPY, Plate, at, command, failed, render, spoil, truncate, written


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
