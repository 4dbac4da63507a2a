"""What the machine cannot do: no folder, disk, memory or runtime for a render, and nobody who reads."""

from __future__ import annotations

import resource
import signal
import subprocess
from pathlib import Path

import pytest

from interneg.engines.runtimes import RUNTIMES
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError
from interneg.frame import Frame
from interneg.graph import Graph
from tests.plugin.cli.renders import COPY, LITE, Plate, command, failed, needs_lite, written


def test_an_output_folder_that_cannot_be_made(plate: Plate, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    failed(
        6, "a part of its path is a file, not a folder", COPY, plate(), tmp_path / "file" / "made.####.exr"
    )


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


def test_the_work_goes_on_when_nobody_reads_the_progress(plate: Plate, out: str) -> None:
    line = " ".join(f"'{a}'" for a in command(COPY, plate(), out))
    script = f"set -o pipefail; {line} | head -1"
    made = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert len(written(out)) == 6
    broken = subprocess.run(["bash", "-c", f"set -o pipefail; {line} --frames 9 2>&1 | true"])
    assert broken.returncode == 3
