from fractions import Fraction

import pytest

from interneg.io.timecode import advance, pack, unpack

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("start", "frames", "rate", "end"),
    [
        ("01:00:00:00", 25, Fraction(24), "01:00:01:01"),
        ("23:59:59:23", 1, Fraction(24), "00:00:00:00"),
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
        ("00:00:00:59", 1, Fraction(60), "00:00:01:00"),
    ],
)
def test_advance(start: str, frames: int, rate: Fraction, end: str) -> None:
    assert advance(start, frames, rate) == end


def test_drop_frame_counts_every_frame_once() -> None:
    codes = [advance("00:00:00;00", n, NTSC) for n in range(36000)]
    assert len(set(codes)) == len(codes)
    assert not any(c[6:8] == "00" and c[9:] in ("00", "01") and c[4] != "0" for c in codes if c)


def test_packing() -> None:
    assert pack("12:34:56:21") == 0x12345621
    assert unpack(0x12345621) == "12:34:56:21"
    assert unpack(pack("01:02:03;04") or 0) == "01:02:03;04"
    assert pack("00:00:00:40") is None
    for rate in (50, 60):
        for frame in range(rate):
            text = f"01:02:03:{frame:02}"
            assert unpack(pack(text, Fraction(rate)) or 0, Fraction(rate)) == text
    assert pack("00:00:00:41", Fraction(50)) == 0x00008020
    assert pack("00:00:00:99", Fraction(100)) is None
    assert advance("nonsense", 1, NTSC) is None
