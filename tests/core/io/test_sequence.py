from pathlib import Path

import pytest
from fileseq.constants import PAD_STYLE_HASH1
from fileseq.filesequence import FileSequence
from fileseq.frameset import FrameSet
from hypothesis import given
from hypothesis import strategies as st

from interneg.errors import InputError, UsageError
from interneg.io.sequence import Pattern, folder_pattern, format_frames, number_in, parse_frames, pattern_like


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a.##.##.exr", "2 wildcards"),
        ("a#.@.exr", "2 wildcards"),
        ("%4d.exr", "pad with blanks; write %04d"),
        ("/nowhere/%04d/a.exr", "not in the folder's"),
        ("/nowhere/####/a.%04d.exr", "not in the folder's"),
        ("a.%V.%04d.exr", "%V and %v stand for views.*left or right"),
        ("/nowhere/%v/a.%04d.exr", "stand for views"),
        ("a.%033d.exr", "at most 32 digits, not 33"),
    ],
)
def test_pattern_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Pattern.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "photo@2x.png",
        "take#3.exr",
        "50%.png",
        "a%20b.png",
        "100%done.png",
        "a%Vol.png",
        "C#/a.png",
        "@2x/a.png",
    ],
)
def test_signs_that_stand_for_themselves(text: str) -> None:
    assert Pattern.parse(f"/nowhere/{text}") is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("photo@2x.####.png", "photo@2x.0007.png"),
        ("C#.####.png", "C#.0007.png"),
        ("a@_%04d.png", "a@_0007.png"),
        ("50%.@.png", "50%.7.png"),
        ("a####beauty.exr", "a0007beauty.exr"),
        ("a#.exr", "a7.exr"),
    ],
)
def test_signs_beside_a_frame_number_stand_for_themselves(text: str, name: str) -> None:
    pattern = Pattern.parse(f"/nowhere/{text}")
    assert pattern is not None and pattern.path(7).name == name


@pytest.mark.parametrize(
    "text", ["a.%04d.exr", "a.####.exr", "a.@@@@.exr", "a.%d.exr", "a#.exr", "50%.@.png"]
)
def test_patterns_read_as_fileseq_reads_them(text: str) -> None:
    """Oracle: fileseq, with a digit for each sign. What else it reads otherwise is in decision 22."""
    theirs = FileSequence(text, pad_style=PAD_STYLE_HASH1)
    ours = Pattern.parse(text)
    assert ours is not None
    for number in (0, 7, 1001, 123456, -3, -1234):
        assert str(ours.path(number)) == theirs.frame(number)


@given(st.sets(st.integers(-3000, 3000), min_size=1, max_size=40))
def test_frame_ranges_read_as_fileseq_reads_them(numbers: set[int]) -> None:
    text = format_frames(numbers)
    assert parse_frames(text) == tuple(FrameSet(text))


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
    assert list(pattern.find()) == [8, 9, 10, 11]
    (tmp_path / "b_0001.dpx").touch()
    with pytest.raises(InputError, match=r"2 sequences.*a\.#\.exr, b_####\.dpx"):
        folder_pattern(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        folder_pattern(tmp_path / "none")


def test_a_number_that_is_padded_less_is_of_another_sequence(tmp_path: Path) -> None:
    for n in ("0001", "0002", "2"):
        (tmp_path / f"a.{n}.exr").touch()
    with pytest.raises(InputError, match=r"2 sequences.*a\.####\.exr, a\.#\.exr"):
        folder_pattern(tmp_path)


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["a.-3.exr", "a.-2.exr", "a.-1.exr"], [-3, -2, -1]),
        (["a.-0003.exr", "a.-0002.exr", "a.-0001.exr"], [-3, -2, -1]),
        (["a.-0002.exr", "a.-0001.exr", "a.0000.exr", "a.0001.exr"], [-2, -1, 0, 1]),
        (["a.-002.exr", "a.-001.exr", "a.0000.exr", "a.0001.exr"], [-2, -1, 0, 1]),
        (["-10.exr", "-9.exr", "0.exr", "10.exr"], [-10, -9, 0, 10]),
        (["plate-0001.exr", "plate-0002.exr", "plate-0010.exr"], [1, 2, 10]),
        (["v2-1.exr", "v2-2.exr"], [1, 2]),
        (["plate--1.exr", "plate-0.exr"], [-1, 0]),
    ],
)
def test_negative_numbers_and_hyphens_that_only_part(
    tmp_path: Path, names: list[str], numbers: list[int]
) -> None:
    for name in names:
        (tmp_path / name).touch()
    pattern = folder_pattern(tmp_path)
    assert isinstance(pattern, Pattern)
    found = pattern.find()
    assert list(found) == numbers
    assert [path.name for path in found.values()] == names
    like = pattern_like(Path("/out"), found)
    assert isinstance(like, Pattern)
    assert [like.path(n).name for n in numbers] == names


def test_two_files_of_one_frame_are_refused(tmp_path: Path) -> None:
    for name in ("a.-003.exr", "a.-0003.exr"):
        (tmp_path / name).touch()
    pattern = Pattern.parse(tmp_path / "a.####.exr")
    assert pattern is not None
    with pytest.raises(InputError, match=r"a\.-0003\.exr and a\.-003\.exr are both frame -3"):
        pattern.find()


def test_digits_of_other_scripts_are_no_frame_numbers() -> None:
    assert number_in(Path("a.٣.exr")) is None
    with pytest.raises(UsageError):
        parse_frames("٣")
