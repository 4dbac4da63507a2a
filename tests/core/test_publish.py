"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from interneg.errors import OutputError
from interneg.publish import (
    claim,
    final_name,
    publish,
    remove_abandoned,
    remove_old,
    replacing,
    temporary_name,
    write_whole,
)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_temporary_names_are_hidden_unlike_and_keep_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "plate.1001.exr"
    one, other = temporary_name(path), temporary_name(path)
    assert one != other and one.parent == tmp_path
    assert one.name.startswith(".plate.1001.") and one.name.endswith(".tmp.exr")
    for name in ("plate.1001.exr", "probe", "model.manifest.json"):
        assert final_name(temporary_name(Path(name)).name) == name and final_name(name) is None


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and names(tmp_path) == ["a.json"]


def test_a_file_that_was_made_read_only_is_published(tmp_path: Path) -> None:
    temporary = temporary_name(tmp_path / "a.py")
    temporary.write_bytes(b"lines")
    temporary.chmod(0o444)
    publish(temporary, tmp_path / "a.py")
    assert (tmp_path / "a.py").read_bytes() == b"lines"


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("refused", [False, True])
def test_content_goes_to_the_disk_before_the_rename_and_the_folder_after(
    tmp_path: Path, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, done = tmp_path / "a.exr", []
    replace = os.replace

    def fsync(handle: int) -> None:
        what = Path(os.readlink(f"/proc/self/fd/{handle}"))
        done.append("folder" if what == tmp_path else "file")
        if what == tmp_path and refused:
            raise OSError(errno.EINVAL, "refused")

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("rename"), replace(a, b)))
    temporary = temporary_name(path)
    temporary.write_bytes(b"picture")
    publish(temporary, path)
    assert done == ["file", "rename", "folder"] and path.read_bytes() == b"picture"


def test_what_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    full_disk = r"a\.json: the disk is full or its quota used up \(ENOSPC"
    with pytest.raises(OutputError, match=full_disk), replacing(path) as temporary:
        temporary.write_bytes(b"new")
    with pytest.raises(KeyError), replacing(path) as temporary:
        temporary.write_bytes(b"new")
        raise KeyError
    assert path.read_bytes() == b"old" and names(tmp_path) == ["a.json"]


def test_only_what_nobody_writes_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    left, held, other = temporary_name(path), temporary_name(path), temporary_name(tmp_path / "b.mov")
    for file in (left, held, other):
        file.touch()
    with open(held, "rb+") as open_file:
        claim(open_file)
        remove_abandoned(path)
    assert names(tmp_path) == sorted([held.name, other.name])


def test_what_was_left_an_hour_ago_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    old, new, other = temporary_name(path), temporary_name(path), tmp_path / ".note.exr"
    for file in (old, new, other):
        file.touch()
    now = new.stat().st_mtime
    for file in (old, other):
        os.utime(file, (now - 4000, now - 4000))
    remove_old(tmp_path, now)
    assert names(tmp_path) == sorted([new.name, other.name])
