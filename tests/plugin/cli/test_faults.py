"""Renders that are killed, doubled, stopped, or run out of disk leave whole frames and go on later."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bench.faults import NUMBERS, frames, killed, plate, render_command

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plate(tmp_path_factory.mktemp("in"))


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    """The frames of a run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run(render_command(source, folder / "r.%04d.exr"), check=True, capture_output=True)
    return frames(folder)


def started(source: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = render_command(source, folder / "r.%04d.exr", *options)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ten_kills_tear_no_frame(tmp_path: Path) -> None:
    found = killed(tmp_path, 10, random.Random(2))
    assert found.caught == 10
    assert (found.torn, found.different) == (0, 0)


def test_two_renders_of_one_range_both_end_well(
    source: Path, whole: dict[str, bytes | None], tmp_path: Path
) -> None:
    both = [started(source, tmp_path), started(source, tmp_path)]
    for process in both:
        said = "".join(process.communicate(timeout=120))
        assert process.returncode == 0, said
    assert frames(tmp_path) == whole
    assert [p.name for p in tmp_path.iterdir() if ".tmp" in p.name] == []


def test_sigterm_ends_a_render_within_five_seconds(
    source: Path, whole: dict[str, bytes | None], tmp_path: Path
) -> None:
    dice = random.Random(3)
    for _ in range(4):
        process = started(source, tmp_path)
        time.sleep(dice.uniform(0.2, 4))
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        said = "".join(process.communicate(timeout=60))
        assert time.monotonic() - stopped < 5
        # Before Python has taken over its signals, the system ends it.
        assert process.returncode in (0, 130, -signal.SIGTERM), said
        there = frames(tmp_path)
        assert all(whole[name] == pixels for name, pixels in there.items())
        for path in list(tmp_path.glob("[!.]*.exr"))[::2]:
            path.unlink()
    said = "".join(started(source, tmp_path).communicate(timeout=120))
    assert frames(tmp_path) == whole, said


def test_a_full_disk_names_the_frame_and_leaves_none_torn(
    source: Path, whole: dict[str, bytes | None], tmp_path: Path
) -> None:
    """A limit on the size of a file stands for a full disk: writing fails in the middle of a frame."""
    done = subprocess.run(
        render_command(source, tmp_path / "r.%04d.exr"),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 6, done.stderr
    assert str(tmp_path / "r.10") in done.stderr
    assert frames(tmp_path) == {}
    said = "".join(started(source, tmp_path).communicate(timeout=120))
    assert frames(tmp_path) == whole, said


def test_a_folder_that_vanishes_ends_the_render(
    source: Path, whole: dict[str, bytes | None], tmp_path: Path
) -> None:
    """Or the render makes it anew and writes the rest: both are right, and the next one has all frames."""
    folder = tmp_path / "out"
    process = started(source, folder)
    assert process.stdout
    for line in process.stdout:
        if "written" in line:
            break
    shutil.rmtree(folder, ignore_errors=True)
    said = "".join(process.communicate(timeout=120))
    assert process.returncode in (0, 6), said
    assert all(whole[name] == pixels for name, pixels in frames(folder).items())
    said = "".join(started(source, folder).communicate(timeout=120))
    assert len(frames(folder)) == len(NUMBERS), said
    assert frames(folder) == whole
