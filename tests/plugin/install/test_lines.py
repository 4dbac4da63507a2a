from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interneg.errors import OutputError
from interneg.plugin.install.lines import MARK, add_line, put_file, remove_file, remove_line

LINE = "import nuke; nuke.pluginAddPath('/somewhere')"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([b"a", b"import os", b"\n", b"\r\n", b"\r", b"\xff", b" ", b"# x"]), max_size=8)
)
def test_a_line_comes_and_goes_without_a_trace(tmp_path: Path, pieces: list[bytes]) -> None:
    path, before = tmp_path / "init.py", b"".join(pieces)
    path.write_bytes(before)
    assert not add_line(path, "an older line")
    assert not add_line(path, LINE)
    there = path.read_bytes()
    assert there.count(MARK.encode()) == 1
    assert f"{LINE}  {MARK}".encode() in there.splitlines()
    assert not add_line(path, LINE)
    assert path.read_bytes() == there
    assert remove_line(path)
    assert path.read_bytes() == before
    assert not remove_line(path)


def test_what_the_user_writes_afterwards_stays(tmp_path: Path) -> None:
    path = tmp_path / "init.py"
    path.write_bytes(b"first = 1")
    add_line(path, LINE)
    path.write_bytes(path.read_bytes() + b"\nsecond = 2\n")
    remove_line(path)
    assert path.read_bytes() == b"first = 1\nsecond = 2\n"


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "init.py", tmp_path / "init.py"
    real.parent.mkdir()
    real.write_bytes(b"x = 1\n")
    real.chmod(0o640)
    link.symlink_to(real)
    add_line(link, LINE)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert LINE in real.read_text()
    assert list(real.parent.iterdir()) == [real]


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / ".nuke" / "init.py"
    assert add_line(path, LINE)
    assert path.read_text() == f"{LINE}  {MARK}\n"


def test_a_file_of_the_user_is_never_replaced(tmp_path: Path) -> None:
    source, path = tmp_path / "ours.py", tmp_path / "there" / "status.py"
    source.write_text("print(1)")
    assert put_file(source, path)
    assert not put_file(source, path)
    assert remove_file(path)
    assert not remove_file(path)
    path.write_text("mine")
    with pytest.raises(OutputError, match="is not Interneg's"):
        put_file(source, path)
    assert not remove_file(path)
    assert path.read_text() == "mine"


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        add_line(tmp_path / "file" / "init.py", LINE)
    with pytest.raises(OutputError, match="cannot be read"):
        add_line(tmp_path, LINE)
