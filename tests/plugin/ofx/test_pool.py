"""The shell's pictures in shared memory: found by content, used again, limited, never refilled too early."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

import pytest

from interneg.plugin.ofx.build import compile_c

SOURCES = Path(__file__).parents[3] / "plugin" / "ofx"
SIZE = 2**20

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler"
)

Digest = ctypes.c_uint64 * 2


class Picture(ctypes.Structure):
    _fields_ = (("descriptor", ctypes.c_int), ("pixels", ctypes.POINTER(ctypes.c_float)))


class Pool:
    def __init__(self, library: Path) -> None:
        self.shell = ctypes.CDLL(str(library))
        self.shell.pool_take.restype = self.shell.pool_find.restype = ctypes.POINTER(Picture)

    def take(self, size: int = SIZE) -> ctypes._Pointer[Picture]:
        picture = self.shell.pool_take(ctypes.c_size_t(size))
        assert picture
        return picture

    def find(self, name: int, size: int = SIZE) -> ctypes._Pointer[Picture] | None:
        return self.shell.pool_find(Digest(name, 1), ctypes.c_size_t(size)) or None

    def keep(self, name: int, size: int = SIZE) -> int:
        """Have a picture of that name, which nobody uses; its inode."""
        picture = self.take(size)
        self.shell.pool_keep(picture, Digest(name, 1))
        self.release(picture)
        return inode(picture)

    def release(self, picture: ctypes._Pointer[Picture], spoiled: bool = False) -> None:
        self.shell.pool_release(picture, ctypes.c_bool(spoiled))


def inode(picture: ctypes._Pointer[Picture]) -> int:
    return os.fstat(picture.contents.descriptor).st_ino


def shared() -> int:
    """How many pictures this process holds."""
    numbers = os.listdir("/proc/self/fd")
    return sum("memfd:interneg" in os.path.realpath(f"/proc/self/fd/{n}") for n in numbers)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pool") / "pool.so"
    parts = ("pool", "settings", "platform_locks", "platform_memory", "platform_number")
    sources = [SOURCES / f"{part}.c" for part in parts]
    compile_c(sources, made, ("-fPIC", "-shared", "-fvisibility=default", "-ldl"))
    return made


@pytest.fixture
def pool(library: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("INTERNEG_POOL_MB", "4")
    pool = Pool(library)
    pool.shell.pool_empty()
    assert shared() == 0
    return pool


def test_a_picture_is_found_by_content_and_size(pool: Pool) -> None:
    kept = pool.keep(7)
    found = pool.find(7)
    assert found and inode(found) == kept
    assert pool.find(8) is None
    assert pool.find(7, 2 * SIZE) is None
    pool.release(found)


def test_what_nobody_knows_is_used_again(pool: Pool) -> None:
    first = pool.take()
    second = pool.take()
    assert inode(first) != inode(second)
    pool.release(first)
    assert inode(pool.take()) == inode(first)
    pool.release(first)
    pool.release(second)
    assert shared() == 2


def test_the_longest_unused_makes_way(pool: Pool) -> None:
    inodes = [pool.keep(name) for name in range(4)]
    found = pool.find(0)
    assert found
    pool.release(found)
    assert pool.keep(4) == inodes[1]
    assert pool.find(1) is None and pool.find(0)
    assert shared() == 4
    pool.keep(5, 3 * SIZE)
    assert shared() == 2  # the one in use, and the new one
    pool.release(found)


def test_pictures_in_use_go_beyond_the_limit(pool: Pool) -> None:
    taken = [pool.take() for _ in range(6)]
    assert len({inode(picture) for picture in taken}) == shared() == 6
    for picture in taken:
        pool.release(picture)


def test_spoiled_memory_is_never_written_again(pool: Pool) -> None:
    output = pool.take()
    pool.release(output, spoiled=True)
    assert shared() == 0
    kept = pool.keep(1)
    found = pool.find(1)
    assert found
    pool.release(found, spoiled=True)
    again = pool.find(1)  # its content still is what it was
    assert again and inode(again) == kept
    pool.release(again)
    fresh = [pool.take() for _ in range(4)]
    assert kept not in map(inode, fresh)
    assert pool.find(1) is None
    for picture in fresh:
        pool.release(picture)


def test_the_pool_is_emptied(pool: Pool) -> None:
    pool.keep(1)
    used = pool.take()
    pool.shell.pool_empty()
    assert shared() == 1
    pool.release(used)
