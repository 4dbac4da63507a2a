"""Inputs that cannot be read: a clear error that names the frames, and finished frames stay."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.graph import Graph
from tests.plugin.cli.renders import COPY, Plate, at, failed, render, spoil, truncate, written


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
