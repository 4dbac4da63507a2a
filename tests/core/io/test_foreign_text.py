"""Files whose text, or whose name, is not UTF-8: carried byte for byte."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest

from interneg.errors import InputError, OutputError
from interneg.frame import Frame
from interneg.io import open_clip, open_output
from interneg.io.attributes import Typed
from interneg.io.damage import damage
from interneg.io.image_reader import lost_attributes, read_attributes, read_image, read_rgb8
from interneg.io.image_writer import write_image
from tests.core.io.io_movies import Numbers, camera, picture
from tests.core.io.io_pictures import codes, never

MARK, LATIN = b"XQXQ", b"M\xfcl\xe9"
STRANGE = os.fsdecode(b"f\xfcr")


def patched(path: Path, *swaps: tuple[bytes, bytes]) -> Path:
    """The file with some bytes in place of as many others, as tools of other times write them."""
    data = path.read_bytes()
    for old, new in swaps or ((MARK, LATIN),):
        assert old in data and len(old) == len(new)
        data = data.replace(old, new)
        if data.startswith(b"\x89PNG"):  # where a chunk ends in its checksum
            start = data.rindex(b"tEXt", 0, data.index(new))
            end = start + 4 + int.from_bytes(data[start - 4 : start], "big")
            data = data[:end] + zlib.crc32(data[start:end]).to_bytes(4, "big") + data[end + 4 :]
    path.write_bytes(data)
    return path


def eight(**metadata: object) -> Frame:
    return Frame.of(codes(8, 3), depth=("uint8",) * 3, metadata=metadata)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("a.exr", "owner"),
        ("a.exr", "Artist"),
        ("a.tif", "ImageDescription"),
        ("a.jpg", "Artist"),
        ("a.dpx", "DocumentName"),
        ("a.png", "Description"),
    ],
)
def test_latin_text_goes_through_every_format(tmp_path: Path, name: str, field: str) -> None:
    write_image(tmp_path / name, eight(**{field: MARK.decode()}), attributes={}, warn=never)
    frame = read_image(patched(tmp_path / name))
    (tmp_path / "out").mkdir()
    write_image(tmp_path / "out" / name, frame, attributes={}, warn=never)
    assert LATIN in (tmp_path / "out" / name).read_bytes()
    assert not lost_attributes(tmp_path / "out" / name, frame)
    write_image(tmp_path / "out.exr", frame, attributes={}, warn=never)
    assert LATIN in (tmp_path / "out.exr").read_bytes()


def test_a_list_of_texts_is_shown_and_a_name_is_left_out_and_told(tmp_path: Path) -> None:
    made = eight(texts=Typed("string[2]", (MARK.decode(), "b")), XYZZ="kept nowhere")
    write_image(tmp_path / "a.exr", made, attributes={}, warn=never)
    frame = read_image(patched(tmp_path / "a.exr", (MARK, LATIN), (b"XYZZ", b"XY\xefZ")))
    write_image(tmp_path / "b.exr", frame, attributes={}, warn=never)
    assert read_attributes(tmp_path / "b.exr")["texts"] == (r"M\xfcl\xe9", "b")
    assert lost_attributes(tmp_path / "b.exr", frame) == ["XY\udcefZ"]


def test_a_channel_with_such_a_name_is_read_and_not_written(tmp_path: Path) -> None:
    made = Frame.of(codes(16, 4), ("R", "G", "B", "XQXQ"), depth=("half",) * 4)
    write_image(tmp_path / "a.exr", made, attributes={}, warn=never)
    frame = read_image(patched(tmp_path / "a.exr"))
    assert os.fsdecode(LATIN) in frame.channels
    with pytest.raises(OutputError, match=r"the name of channel .* is not UTF-8.*rename the channel"):
        write_image(tmp_path / "b.exr", frame, attributes={}, warn=never)


def test_fields_of_a_dpx_that_are_undefined_are_not_there(tmp_path: Path) -> None:
    """SMPTE ST 268: a field of bytes 0xFF is undefined. Here: name, date, device and serial of the source."""
    write_image(tmp_path / "a.dpx", eight(), attributes={}, warn=never)
    data = bytearray((tmp_path / "a.dpx").read_bytes())
    data[1432:1620] = b"\xff" * 188
    (tmp_path / "a.dpx").write_bytes(data)
    texts = [v for v in read_attributes(tmp_path / "a.dpx").values() if isinstance(v, str)]
    assert texts and not [t for t in texts if "\udcff" in t]


def test_an_error_that_quotes_the_bytes_of_a_damaged_file_is_told(tmp_path: Path) -> None:
    write_image(tmp_path / "a.exr", eight(), attributes={}, warn=never)
    data = (tmp_path / "a.exr").read_bytes()
    told = set()
    for at in range(8, 300):
        for value in (0x00, 0x80, 0xEF):
            (tmp_path / "b.exr").write_bytes(data[:at] + bytes([value]) + data[at + 1 :])
            try:
                read_image(tmp_path / "b.exr")
            except InputError as error:
                told.add(str(error))
            damage(tmp_path / "b.exr")
    assert any(r"\x80" in reason or r"\xef" in reason for reason in told)


@pytest.mark.parametrize("kind", ["exr", "dpx", "tif", "png", "jpg"])
def test_files_and_folders_whose_names_are_not_utf8(tmp_path: Path, kind: str) -> None:
    there, plain = tmp_path / STRANGE / f"{STRANGE}.0007.{kind}", tmp_path / f"a.0007.{kind}"
    frame = Frame.of(codes(8, 3), depth=("uint8",) * 3, number=7)
    for path in (there, plain):
        out = open_output(path, Numbers(1), numbers=[7])
        out.write(frame, {"key": "k"})
        assert out.provenance(7) == {"key": "k"}
    clip = open_clip(there.with_name(f"{STRANGE}.####.{kind}"))
    np.testing.assert_array_equal(clip.read(7).pixels, read_image(plain).pixels)
    np.testing.assert_array_equal(read_rgb8(there), read_rgb8(plain))
    if kind == "dpx":  # which holds its own name
        patched(plain, (b"a.0007.dpx\0\0", b"f\xfcr.0007.dpx"))
    assert there.read_bytes() == plain.read_bytes()
    assert not [p for p in there.parent.iterdir() if ".tmp" in p.name]


def test_titles_of_movies_become_utf8_which_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = patched(camera(tmp_path / f"{STRANGE}.mp4"), (b"Reel 4", b"R\xe9el 4"))
    clip = open_clip(made)
    frame = clip.read(1)
    assert frame.metadata["movie:title"] == "R\udce9el 4"
    out = open_output(tmp_path / f"{STRANGE}.mkv", clip)
    out.write(frame, {})
    out.close()
    assert "movie:title was not UTF-8 text, and is written as Latin-1 reads it" in caplog.text
    assert "Réel 4".encode() in (tmp_path / f"{STRANGE}.mkv").read_bytes()
    write_image(tmp_path / "a.exr", frame, attributes={}, warn=lambda *told: None)
    assert b"R\xe9el 4" in (tmp_path / "a.exr").read_bytes()
    assert picture(1).shape == frame.pixels.shape
