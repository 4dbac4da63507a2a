from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from interneg.plugin.worker.client import SharedPicture
from interneg.plugin.worker.pictures import Pictures
from interneg.plugin.worker.protocol import Image, Malformed

IMAGE = Image(8, 4, "RGBA", 0, 0)


@pytest.fixture
def picture() -> Iterator[SharedPicture]:
    made = SharedPicture(8, 4)
    yield made
    made.close()


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = os.memfd_create("test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    yield descriptor
    os.close(descriptor)


def seal(descriptor: int, seals: int = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW) -> None:
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


def mapped() -> int:
    return Path("/proc/self/maps").read_text().count("memfd:interneg")


def test_views_are_the_memory_itself(picture: SharedPicture) -> None:
    (view,) = Pictures().views([picture.descriptor], [IMAGE], None)
    picture.pixels[1, 2, 3] = 5
    assert view.shape == (4, 8, 4) and view[1, 2, 3] == 5
    assert not view.flags.writeable


def test_the_output_is_written_where_the_host_sees_it(picture: SharedPicture) -> None:
    (view,) = Pictures().views([picture.descriptor], [IMAGE], 0)
    view[:] = 7
    assert (picture.pixels == 7).all()


def test_an_image_may_be_smaller_than_its_memory(picture: SharedPicture) -> None:
    picture.pixels[:] = np.arange(128).reshape(4, 8, 4)
    (view,) = Pictures().views([picture.descriptor], [Image(3, 2, "A", 0, 0)], None)
    assert view.ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_mappings_are_remembered_for_two_requests(picture: SharedPicture) -> None:
    pictures, other = Pictures(), SharedPicture(8, 4)
    before = mapped()
    for _ in range(5):
        pictures.views([picture.descriptor], [IMAGE], None)
        assert mapped() == before + 1
    pictures.views([other.descriptor], [IMAGE], None)
    assert mapped() == before + 2
    pictures.views([other.descriptor], [IMAGE], None)
    assert mapped() == before + 1
    other.close()


def test_mappings_are_forgotten_when_the_last_view_is_gone(picture: SharedPicture) -> None:
    pictures, before = Pictures(), mapped()
    views = pictures.views([picture.descriptor], [IMAGE], None)
    pictures.forget()
    assert mapped() == before + 1
    views.clear()
    assert mapped() == before


def test_memory_without_seals_is_refused(memory: int) -> None:
    os.posix_fallocate(memory, 0, IMAGE.bytes)
    for seals in (0, fcntl.F_SEAL_GROW, fcntl.F_SEAL_SHRINK):
        seal(memory, seals)
        if seals != fcntl.F_SEAL_SHRINK:
            with pytest.raises(Malformed, match="sealed"):
                Pictures().views([memory], [IMAGE], None)
    assert len(Pictures().views([memory], [IMAGE], None)) == 1


def test_memory_that_is_too_small_is_refused(memory: int) -> None:
    os.posix_fallocate(memory, 0, IMAGE.bytes - 1)
    seal(memory)
    with pytest.raises(Malformed, match="takes 512 bytes, its memory has 511"):
        Pictures().views([memory], [IMAGE], None)


def test_memory_that_is_not_filled_is_refused(memory: int) -> None:
    os.ftruncate(memory, 2**40)
    seal(memory)
    with pytest.raises(Malformed, match="not filled"):
        Pictures().views([memory], [Image(65536, 65536, "A", 0, 0)], None)


def test_what_is_no_shared_memory_is_refused() -> None:
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as file:
        file.write(bytes(IMAGE.bytes))
        file.flush()
        for descriptor in (reading, writing, file.fileno()):
            with pytest.raises(Malformed, match="no shared memory"):
                Pictures().views([descriptor], [IMAGE], None)
    os.close(reading)
    os.close(writing)


def test_an_output_that_may_not_be_written_is_refused(memory: int) -> None:
    os.posix_fallocate(memory, 0, IMAGE.bytes)
    seal(memory, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    assert len(Pictures().views([memory], [IMAGE], None)) == 1
    with pytest.raises(Malformed, match="cannot be mapped"):
        Pictures().views([memory], [IMAGE], 0)


def test_an_output_that_is_an_input_is_refused(picture: SharedPicture) -> None:
    again = os.dup(picture.descriptor)
    with pytest.raises(Malformed, match="that of an input too"):
        Pictures().views([picture.descriptor, again], [IMAGE, IMAGE], 1)
    os.close(again)
