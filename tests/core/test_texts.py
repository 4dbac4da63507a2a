"""Text and names that are not UTF-8."""

import os
from pathlib import Path

import pytest

from interneg.texts import error_text, from_latin, is_utf8, raw, text_of, utf8_name


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (b"M\xfcl\xe9", "Mülé"),  # Latin-1
        (b"\x93M\xfcl\x94", "“Mül”"),  # Windows-1252
        (b"M\x81\xfc", "M\x81ü"),  # which lacks this code
        ("Mülé →".encode(), "Mülé →"),
        (b"", ""),
    ],
)
def test_bytes_come_back_and_can_be_shown(found: bytes, shown: str) -> None:
    text = os.fsdecode(found)
    assert raw(text) == found
    assert is_utf8(text) == (text == shown)
    assert from_latin(text) == shown


def test_utf8_in_names_under_an_ascii_locale_is_told_from_latin() -> None:
    assert from_latin("M\udcc3\udcbcl\udcc3\udca9") == "Mülé"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_a_file_of_text_is_read_in_any_encoding(encoding: str) -> None:
    assert text_of("TITLE: café\n".encode(encoding)) == "TITLE: café\n"


def test_an_error_that_quotes_a_damaged_file_is_told() -> None:
    class Library:
        def geterror(self) -> str:
            return b"no channel '\x80x'".decode()

    assert error_text(Library()) == r"no channel '\x80x'"


def test_a_name_for_libraries_that_take_utf8(tmp_path: Path) -> None:
    plain, strange = tmp_path / "ü.txt", tmp_path / os.fsdecode(b"\xfc.txt")
    with utf8_name(plain, "ab") as name:
        assert name == str(plain) and not plain.exists()
    with utf8_name(strange, "ab") as name:
        Path(name.encode().decode()).write_bytes(b"found")
    assert strange.read_bytes() == b"found"
    with utf8_name(strange, "rb") as name:
        assert Path(name).read_bytes() == b"found"
    with pytest.raises(OSError), utf8_name(tmp_path / os.fsdecode(b"none\xfc"), "rb"):
        pass
