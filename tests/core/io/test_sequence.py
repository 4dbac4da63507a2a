from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interneg.errors import InputError, UsageError
from interneg.io.sequence import Pattern, folder_pattern, format_frames, parse_frames


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1001", (1001,)),
        ("1001-1003", (1001, 1002, 1003)),
        ("1001-1006x2", (1001, 1003, 1005)),
        ("5, 1-2,2-3", (1, 2, 3, 5)),
        ("-3--1", (-3, -2, -1)),
        ("-2-1", (-2, -1, 0, 1)),
    ],
)
def test_frame_ranges(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_frames(text) == numbers


@pytest.mark.parametrize("text", ["", "a", "1-", "3-1", "1-5x0", "1,,2", "1-5y2", "1-99999999999", "1.5"])
def test_frame_ranges_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_frames(text)


@given(st.sets(st.integers(0, 3000), min_size=1, max_size=40))
def test_format_is_undone_by_parse(numbers: set[int]) -> None:
    assert parse_frames(format_frames(numbers)) == tuple(sorted(numbers))


@given(
    st.integers(-999, 99999),
    st.sampled_from(["a.%04d.exr", "a.####.exr", "a.@@@@.exr", "a%d.exr", "%02d.dpx"]),
)
def test_pattern_names_are_read_back(number: int, text: str) -> None:
    pattern = Pattern.parse(f"/nowhere/{text}")
    assert pattern is not None
    assert pattern.number(pattern.path(number).name) == number


def test_pattern_forms() -> None:
    for text in ("p.%04d.exr", "p.####.exr", "p.@@@@.exr"):
        pattern = Pattern.parse(Path("/x") / text)
        assert pattern is not None
        assert pattern.path(7) == Path("/x/p.0007.exr")
        assert pattern.path(12345).name == "p.12345.exr"
        assert pattern.number("p.00007.exr") is None
        assert pattern.number("p.7.exr") is None
        assert pattern.number("q.0007.exr") is None
    assert Pattern.parse("/x/plate.1001.exr") is None


@pytest.mark.parametrize("text", ["a.##.##.exr", "%4d.exr", "/nowhere/%04d/a.exr"])
def test_pattern_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Pattern.parse(text)


def test_existing_file_with_a_hash_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "take#1.exr").touch()
    assert Pattern.parse(tmp_path / "take#1.exr") is None


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture"):
        folder_pattern(tmp_path)
    for n in (8, 9, 10, 11):
        (tmp_path / f"a.{n}.exr").touch()
    for other in ("notes.txt", ".a.0012.tmp.exr", "Thumbs.db"):
        (tmp_path / other).touch()
    pattern = folder_pattern(tmp_path)
    assert isinstance(pattern, Pattern)
    assert pattern.find() == (8, 9, 10, 11)
    (tmp_path / "b_0001.dpx").touch()
    with pytest.raises(InputError, match=r"2 sequences.*a\.#\.exr, b_####\.dpx"):
        folder_pattern(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        folder_pattern(tmp_path / "none")
