from __future__ import annotations

import pytest

from interneg.errors import InputError
from interneg.grain.av1_table import FOREVER, read, text

# Laid out as libaom writes: a tab before each line of a segment, two spaces after the count of sY.
TABLE = """filmgrn1
E 0 417083 1 7391 1
\tp 2 7 0 11 0 1 128 192 256 128 192 256
\tsY 3  16 40 120 96 235 30
\tsCb 2 16 20 235 10
\tsCr 1 128 25
\tcY 1 -2 3 -4 5 -6 7 -8 9 -10 11 127
\tcCb 0 0 1 0 0 0 -128 0 0 0 0 30 17
\tcCr 0 0 1 0 0 0 -3 0 0 0 0 30 -17
E 417083 834167 1 1000 0
E 834167 9223372036854775807 1 65535 1
\tp 0 6 3 8 1 0 0 0 0 255 255 511
\tsY 1  0 255
\tsCb 0
\tsCr 0
\tcY
\tcCb 127
\tcCr -128
"""


def changed(was: str, becomes: str) -> bytes:
    assert was in TABLE
    return TABLE.replace(was, becomes, 1).encode()


def test_a_table_is_written_as_it_was_read() -> None:
    segments = read(TABLE.encode(), "a.tbl")
    assert text(segments) == TABLE
    first, second, third = segments
    assert (first.start, first.end, first.apply, first.seed) == (0, 417083, True, 7391)
    assert first.parameters and third.parameters
    assert first.parameters.points[0] == ((16, 40), (120, 96), (235, 30))
    assert first.parameters.coefficients[1][-1] == 17
    assert second.parameters is None
    assert third.end == FOREVER
    assert third.parameters.points_of(2) == ((0, 255),)


def test_other_white_space_and_line_ends_are_read() -> None:
    loose = TABLE.replace("\t", "   ").replace("  ", " ").replace("\n", " \r\n\r\n")
    assert text(read(loose.encode(), "a.tbl")) == TABLE


@pytest.mark.parametrize(
    ("line", "less"), [("\tcCb 0 0 1 0 0 0 -128 0 0 0 0 30 17", "\tcCb"), ("\tcY 1 -2", "\tcY 1 -2")]
)
def test_coefficients_that_mean_nothing_may_be_absent(line: str, less: str) -> None:
    was = changed("\tsCb 2 16 20 235 10", "\tsCb 0")
    found = read(was.replace(line.encode(), less.encode()), "a.tbl")
    assert found[0].parameters and len(found[0].parameters.coefficients[1]) == 13


def test_without_luma_chroma_needs_no_coefficient_of_it() -> None:
    table = TABLE.replace("\tsY 3  16 40 120 96 235 30", "\tsY 0 ").replace(" 30 17\n", " 30\n")
    found = read(table.encode(), "a.tbl")
    assert found[0].parameters and found[0].parameters.coefficients[1][-2:] == (30, 0)


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("filmgrn1", "filmgrn2", "no AV1 film-grain table: its first line is 'filmgrn2'"),
        ("E 0 417083 1 7391 1", "E 0 417083 1 7391", "line 2: E has 4 numbers, expected 5"),
        ("E 0 417083 1", "E 0 417083 2", "line 2: apply_grain is 2, expected 0 to 1"),
        ("E 0 417083", "E 0 0", "line 2: the segment ends at 0"),
        ("E 0 417083", "E -5 417083", "line 2: start time is -5"),
        ("E 0 417083", "E 0.5 417083", "line 2: '0.5' is no whole number"),
        ("E 0 417083", "E 0 9223372036854775808", "line 2: end time"),
        ("E 0 ", "E --1 ", "line 2: "),
        ("7391", "65536", "line 2: random_seed is 65536"),
        ("E 834167 9", "E 417082 9", "line 11: the segment starts at 417082, before"),
        ("p 2 7", "p 4 7", "line 3: ar_coeff_lag is 4, expected 0 to 3"),
        ("p 2 7 0", "p 2 5 0", "line 3: ar_coeff_shift is 5"),
        ("192 256\n", "192\n", "line 3: p has 11 numbers, expected 12"),
        ("\tp 2", "\tq 2", "line 3: it begins with 'q', expected p"),
        ("sY 3 ", "sY 15 ", "line 4: sY says that it has 15 points, expected 0 to 14"),
        ("sCb 2", "sCb 11", "line 5: sCb says that it has 11 points, expected 0 to 10"),
        ("sY 3 ", "sY 4 ", "line 4: sY says that it has 4 points, and has 6 numbers after that, expected 8"),
        ("sY 3  16 40", "sY", "line 4: sY says that it has 120 points"),
        ("235 30", "120 30", "line 4: the points of sY have to rise"),
        ("235 30", "256 30", "line 4: a point of sY lies beyond 0 to 255"),
        (" 11 127", " 11 128", "line 7: a coefficient of cY lies beyond -128 to 127"),
        ("cY 1 -2", "cY 1", "line 7: cY has 11 coefficients, expected 12"),
        ("cCb 0 0 1", "cCb 0 0 0 1", "line 8: cCb has 14 coefficients, expected 13"),
        ("cCr -128\n", "", "line 17: the table ends where cCr was expected"),
        ("\tsCb 0\n", "\tsCb 1 5 5\n", "chroma_scaling_from_luma is 1, so sCb and sCr"),
    ],
)
def test_a_damaged_or_foreign_table_is_refused_in_a_sentence(was: str, becomes: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(changed(was, becomes), "a.tbl")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", "filmgrn1\nE é".encode(), b"format = 'grain'\n"])
def test_another_file_is_no_table(content: bytes) -> None:
    with pytest.raises(InputError, match=r"a\.tbl is no AV1 film-grain table"):
        read(content, "a.tbl")


def test_a_table_without_segments_or_parameters_is_refused() -> None:
    with pytest.raises(InputError, match="has no segment"):
        read(b"filmgrn1\n", "a.tbl")
    with pytest.raises(InputError, match="line 2: update_parameters is 0, but no segment before"):
        read(b"filmgrn1\nE 0 5 1 7 0\n", "a.tbl")
