"""Headers of DPX."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_attributes, read_image
from interneg.io.image_writer import write_image
from interneg.io.rates import rate_in
from tests.core.io.io_pictures import codes, never, there_and_back


def test_a_dpx_without_film_and_video_headers(tmp_path: Path) -> None:
    """As FFmpeg writes them: the picture begins where those headers would."""
    frame = Frame.of(codes(10, 3, 20, 30), depth=("uint10",) * 3, metadata={"dpx:FrameRate": 24.0})
    write_image(tmp_path / "whole.dpx", frame, attributes={}, warn=never)
    data = (tmp_path / "whole.dpx").read_bytes()
    order: Literal["big", "little"] = "big" if data[:4] == b"SDPX" else "little"
    begin = int.from_bytes(data[4:8], order)
    short = bytearray(data[:1664] + data[begin:])
    for at in (4, 808):  # where the picture begins, in the file's header and its own
        short[at : at + 4] = (1664).to_bytes(4, order)
    (tmp_path / "short.dpx").write_bytes(short)
    back = read_image(tmp_path / "short.dpx")
    np.testing.assert_array_equal(back.pixels, frame.pixels)
    assert not {"dpx:FrameRate", "dpx:Format", "smpte:TimeCode", "smpte:KeyCode"} & set(back.metadata)
    assert not rate_in(read_attributes(tmp_path / "short.dpx"))


def test_dpx_keeps_its_film_header(tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "dpx:Transfer": "Printing density",
        "dpx:Colorimetric": "Printing density",
        "dpx:LowData": np.uint32(95),
        "dpx:HighData": np.uint32(685),
        "dpx:LowQuantity": 0.25,
        "dpx:InputDevice": "Scanner",
        "dpx:Format": "Academy",
        "dpx:FrameId": "reel 4",
        "dpx:SlateInfo": "12A",
        "dpx:FrameRate": 24.0,
        "dpx:FramePosition": np.uint32(17),
        "dpx:UserBits": np.uint32(9),
        "smpte:TimeCode": Typed("timecode", (0x01020304, 9)),
        "smpte:KeyCode": Typed("keycode", (1, 2, 123456, 1234, 12, 4, 64)),
    }
    frame = Frame.of(codes(10, 3), depth=("uint10",) * 3, metadata=header)
    back = there_and_back(tmp_path / "a.dpx", frame)
    assert {k: back.metadata.get(k) for k in header} == header


def test_the_film_header_goes_through_exr(tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "dpx:Transfer": "Printing density",
        "dpx:Colorimetric": "Printing density",
        "dpx:LowData": np.uint32(95),
        "dpx:HighData": np.uint32(685),
        "dpx:InputDevice": "Scanner",
        "dpx:FrameId": "reel 4",
        "dpx:FrameRate": 23.976,
        "smpte:TimeCode": Typed("timecode", (0x01020304, 9)),
        "smpte:KeyCode": Typed("keycode", (1, 2, 123456, 1234, 12, 4, 64)),
    }
    scan = there_and_back(tmp_path / "a.dpx", Frame.of(codes(10, 3), depth=("uint10",) * 3, metadata=header))
    plate = there_and_back(tmp_path / "a.exr", scan)
    assert plate.metadata["FramesPerSecond"] == (24000, 1001)
    assert {k: plate.metadata.get(k) for k in header} == {k: scan.metadata[k] for k in header}
    kept = {k: v for k, v in plate.metadata.items() if k != "compression"}
    back = there_and_back(tmp_path / "b.dpx", replace(plate, metadata=kept), depth="uint10")
    assert {k: back.metadata.get(k) for k in header} == {k: scan.metadata[k] for k in header}
    only_exr = Frame.of(codes(10, 3), metadata={"FramesPerSecond": Typed("rational", (24000, 1001))})
    rate = there_and_back(tmp_path / "c.dpx", only_exr, depth="uint10").metadata["dpx:FrameRate"]
    assert rate == pytest.approx(23.976, abs=1e-3)


def test_user_data_of_dpx_is_kept(tmp_path: Path) -> None:
    data = Typed("uint8[64]", tuple(range(64)))
    frame = Frame.of(codes(8, 3), depth=("uint8",) * 3, metadata={"dpx:UserData": data})
    assert there_and_back(tmp_path / "a.dpx", frame).metadata["dpx:UserData"] == data


def test_a_dpx_header_holds_the_final_name(tmp_path: Path) -> None:
    shown = tmp_path / "plate.1001.dpx"
    temporary = tmp_path / ".plate.1001.abcd.tmp.dpx"
    write_image(
        temporary, Frame.of(np.zeros((3, 4, 6), np.float32)), attributes={}, warn=lambda *_: None, on=shown
    )
    assert temporary.read_bytes()[36:136].rstrip(b"\0") == b"plate.1001.dpx"
