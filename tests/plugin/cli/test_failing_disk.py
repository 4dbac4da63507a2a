"""A file system that fails or is slow, and input that is replaced: exit codes, and going on."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.faults import frames, plate, render_command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="calls of glibc are replaced by LD_PRELOAD"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here"),
]
NUMBERS = range(1001, 1009)
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("faulty") / "faulty.so"
    source = Path(__file__).with_name("faulty.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plate(tmp_path_factory.mktemp("given"), NUMBERS, 96, 64)


@pytest.fixture(scope="module")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | None]:
    """The frames of a run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    subprocess.run(render_command(source, folder / "r.%04d.exr"), check=True, capture_output=True)
    return frames(folder)


@pytest.fixture
def run(library: Path, source: Path) -> Run:
    """Render on the faulty file system; `facts` are the variables of faulty.c."""

    def run(folder: Path, **facts: object) -> subprocess.CompletedProcess[str]:
        surroundings = {f"FAULTY_{k.upper()}": str(v) for k, v in facts.items()}
        if facts:
            surroundings["LD_PRELOAD"] = str(library)
        return subprocess.run(
            render_command(source, folder / "r.%04d.exr"),
            capture_output=True, text=True, timeout=120, env={**os.environ, **surroundings},
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("call", "after", "number"),
    [
        ("write", 3, errno.EIO),
        ("write", 3, errno.ENOSPC),
        ("write", 9, errno.ESTALE),
        ("sync", 4, errno.EIO),
        ("rename", 3, errno.EIO),
    ],
)
def test_writing_that_fails_names_the_frame_and_goes_on_later(
    run: Run, whole: dict[str, bytes | None], tmp_path: Path, call: str, after: int, number: int
) -> None:
    done = run(tmp_path, path=f"{tmp_path}/", call=call, after=after, errno=number)
    assert done.returncode == 6, done.stderr
    assert f"interneg: {tmp_path}/" in done.stderr and ".exr" in done.stderr
    assert ("the disk is full" in done.stderr) == (number == errno.ENOSPC)
    assert "Traceback" not in done.stderr
    there = frames(tmp_path)
    assert all(whole[name] == pixels for name, pixels in there.items())
    assert [p.name for p in tmp_path.rglob("*") if ".tmp" in p.name] == []
    again = run(tmp_path)
    assert again.returncode == 0, again.stderr
    assert frames(tmp_path) == whole


def test_reading_that_fails_names_the_frame(
    run: Run, whole: dict[str, bytes | None], source: Path, tmp_path: Path
) -> None:
    done = run(tmp_path, path="plate.1005.exr", call="read", errno=errno.EIO)
    assert done.returncode == 3, done.stderr
    assert "1005" in done.stderr and "Traceback" not in done.stderr
    again = run(tmp_path)
    assert again.returncode == 0, again.stderr
    assert frames(tmp_path) == whole


def test_a_slow_disk_that_gives_little_at_a_time_makes_the_same_frames(
    run: Run, whole: dict[str, bytes | None], source: Path, tmp_path: Path
) -> None:
    for part in (f"{source.parent}/", f"{tmp_path}/"):
        shutil.rmtree(tmp_path, ignore_errors=True)
        done = run(tmp_path, path=part, microseconds=1000, most=1500)
        assert done.returncode == 0, done.stderr
        assert frames(tmp_path) == whole


@pytest.mark.parametrize("hangs", ["r.%04d.exr", "r.%04d.dpx", "r.mkv", "plate.1003.exr"])
def test_sigterm_ends_a_render_whose_disk_hangs(
    library: Path, source: Path, tmp_path: Path, hangs: str
) -> None:
    """Each call on that file takes a minute: what is written, or a frame that is read."""
    name = "r.%04d.exr" if hangs.startswith("plate") else hangs
    part = hangs if hangs.startswith("plate") else f"{tmp_path}/"
    facts = {"LD_PRELOAD": str(library), "FAULTY_PATH": part, "FAULTY_MICROSECONDS": "60000000"}
    process = subprocess.Popen(
        [*render_command(source, tmp_path / name), "--output-space", "ACEScct"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **facts},
    )  # fmt: skip
    time.sleep(6)
    assert process.poll() is None
    stopped = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=50)
    assert time.monotonic() - stopped < 5
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert [p.name for p in tmp_path.glob("[!.]*")] == []


def test_input_that_is_replaced_meanwhile_is_told_and_rendered_again(tmp_path: Path) -> None:
    """Frame 1006 is replaced once the first frames are written, which may have seen the old one or not."""
    numbers = range(1001, 1031)
    given, other = plate(tmp_path / "in", numbers, 96, 64), plate(tmp_path / "other", [1006], 96, 64)
    process = subprocess.Popen(
        render_command(given, tmp_path / "out" / "r.%04d.exr"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if "written" in line:
            break
    os.replace(str(other) % 1006, str(given) % 1006)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert "frame 1006 of the input changed while it was rendered" in said
    subprocess.run(render_command(given, tmp_path / "out" / "r.%04d.exr"), check=True, capture_output=True)
    subprocess.run(render_command(given, tmp_path / "new" / "r.%04d.exr"), check=True, capture_output=True)
    assert frames(tmp_path / "out") == frames(tmp_path / "new")
