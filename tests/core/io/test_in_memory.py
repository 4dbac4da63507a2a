"""Files made in memory reach the disk whole, and Python alone writes there."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from interneg.io.in_memory import made_in_memory


@pytest.mark.parametrize("name", ["a.exr", "b\udcff.exr"])
@pytest.mark.parametrize("has", [True, False])
def test_what_is_written_is_there_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, has: bool
) -> None:
    if not has:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    content = os.urandom(3 * 2**20 + 5)
    with made_in_memory(tmp_path / name) as file:
        file.encode("utf-8")
        with open(file, "wb") as first:
            first.write(b"more than what is written in the end" + content)
        with open(file, "wb") as again:
            again.write(content)
        with open(file, "rb") as read:
            assert read.read() == content
    assert (tmp_path / name).read_bytes() == content


def test_a_folder_that_is_not_there_is_found_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), made_in_memory(tmp_path / "nowhere" / "a.exr"):
        pytest.fail("the file cannot be made")


def test_other_threads_go_on_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    """A pipe that nobody reads stands for a disk that hangs."""
    os.mkfifo(tmp_path / "slow.exr")
    reader = os.open(tmp_path / "slow.exr", os.O_RDONLY | os.O_NONBLOCK)

    def write() -> None:
        with made_in_memory(tmp_path / "slow.exr") as file, open(file, "wb") as made:
            made.write(bytes(2**20))

    writing = threading.Thread(target=write, daemon=True)
    began = time.monotonic()
    writing.start()
    writing.join(0.5)
    assert writing.is_alive()
    assert time.monotonic() - began < 5
    os.set_blocking(reader, True)
    read = 0
    while read < 2**20:
        read += len(os.read(reader, 2**16))
    writing.join(5)
    assert not writing.is_alive()
    os.close(reader)
