"""What the header of an H.264 stream says: whether its pictures may come one field at a time."""

from __future__ import annotations

__all__ = ["may_hold_fields"]

_WITH_CHROMA = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


class _Bits:
    """Reads a sequence parameter set, ITU-T H.264 (08/2021), 7.2 and 9.1."""

    def __init__(self, unit: bytes) -> None:
        plain = unit.replace(b"\0\0\3", b"\0\0")
        self._bits = int.from_bytes(plain, "big")
        self._left = 8 * len(plain)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the parameter set ends early")
        return self._bits >> self._left & ((1 << count) - 1)

    def unsigned(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def may_hold_fields(extradata: bytes | None) -> bool:
    """Whether pictures may be coded as fields, each in a packet of its own; True too where it is not said.

    extradata: the AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) of a QuickTime, MP4 or Matroska
    file.
    """
    if not extradata or extradata[0] != 1 or len(extradata) < 8:
        return True
    at, sets = 6, []
    for _ in range(extradata[5] & 31):
        size = int.from_bytes(extradata[at : at + 2], "big")
        sets.append(extradata[at + 2 : at + 2 + size])
        at += 2 + size
    try:
        return not sets or not all(_frames_only(s) for s in sets)
    except ValueError:
        return True


def _frames_only(unit: bytes) -> bool:
    """The flag frame_mbs_only of a sequence parameter set (7.3.2.1.1)."""
    bits = _Bits(unit[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()  # its number
    if profile in _WITH_CHROMA:
        chroma = bits.unsigned()
        bits.take(chroma == 3)
        bits.unsigned(), bits.unsigned()  # bits of luma and chroma
        bits.take(1)
        if bits.take(1):
            for k in range(8 if chroma != 3 else 12):
                if bits.take(1):
                    _pass_scaling_list(bits, 16 if k < 6 else 64)
    bits.unsigned()  # of frame numbers
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed(), bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()  # reference frames
    bits.take(1)
    bits.unsigned(), bits.unsigned()  # width and height
    return bool(bits.take(1))


def _pass_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last
