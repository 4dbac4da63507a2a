"""AV1 film-grain tables: the text that encoders take (`filmgrn1`), read and written.

aomenc takes one as --film-grain-table, SvtAv1EncApp as --fgs-table, FFmpeg's libaom-av1 as -aom-params
film-grain-table=FILE. Names and ranges of the numbers are those of the AV1 Bitstream and Decoding Process
Specification, sections 5.9.30 and 6.8.20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from interneg.errors import InputError

PER_SECOND = 10_000_000
"""Units of time of a table per second."""

FOREVER = 2**63 - 1
"""The end of a segment that never ends."""

_MAGIC = "filmgrn1"
_WHOLE = re.compile(r"-?[0-9]{1,19}")
# The name, the lowest and the highest value of each number of the line E, and of p.
_SEGMENT = (
    ("start time", 0, FOREVER), ("end time", 0, FOREVER), ("apply_grain", 0, 1), ("random_seed", 0, 65535),
    ("update_parameters", 0, 1),
)  # fmt: skip
_NUMBERS = (
    ("ar_coeff_lag", 0, 3), ("ar_coeff_shift", 6, 9), ("grain_scale_shift", 0, 3), ("scaling_shift", 8, 11),
    ("chroma_scaling_from_luma", 0, 1), ("overlap_flag", 0, 1),
    ("cb_mult", 0, 255), ("cb_luma_mult", 0, 255), ("cb_offset", 0, 511),
    ("cr_mult", 0, 255), ("cr_luma_mult", 0, 255), ("cr_offset", 0, 511),
)  # fmt: skip
# The line of points and of coefficients of each plane, and how many points it may have.
_PLANES = (("sY", "cY", 14), ("sCb", "cCb", 10), ("sCr", "cCr", 10))

Points = tuple[tuple[int, int], ...]
Mix = tuple[int, int, int]


@dataclass(frozen=True)
class Parameters:
    """AV1's film grain: what a player makes grain of.

    lag: how far the autoregressive filter reaches, 0..3 pixels. coefficients: of Y, Cb and Cr, -128..127,
    in 2**-coefficient_shift: 2 lag (lag + 1) neighbours, row by row, and for Cb and Cr luma at the end.
    points: of Y, Cb and Cr, (8-bit code, scaling 0..255), codes rising; grain is scaled by scaling /
    2**scaling_shift. grain_shift: white noise of a deviation of 32 8-bit codes is halved so often.
    chroma_from_luma: Cb and Cr have the points of Y. overlap: blocks are blended where they meet.
    cb, cr: mult, luma_mult and offset: at which code of the points chroma stands, (luma (luma_mult - 128) +
    chroma (mult - 128)) / 64 + offset - 256.
    """

    lag: int
    coefficient_shift: int
    grain_shift: int
    scaling_shift: int
    chroma_from_luma: bool
    overlap: bool
    cb: Mix
    cr: Mix
    points: tuple[Points, Points, Points]
    coefficients: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]

    def points_of(self, plane: int) -> Points:
        """The points, any shape of rows (code, scaling), that plane 0, 1 or 2 is scaled by; else none."""
        return self.points[0 if self.chroma_from_luma else plane]


@dataclass(frozen=True)
class Segment:
    """A stretch of time, start <= t < end in units of `PER_SECOND`, and its grain.

    apply: whether grain is applied at all. seed: of the first picture, 0..65535. parameters: None where those
    of the segment before go on.
    """

    start: int
    end: int
    apply: bool
    seed: int
    parameters: Parameters | None


def text(segments: tuple[Segment, ...]) -> str:
    """The table, laid out as libaom writes it."""
    lines = [_MAGIC]
    for s in segments:
        lines.append(_line("E", s.start, s.end, int(s.apply), s.seed, int(s.parameters is not None)))
        if (p := s.parameters) is None:
            continue
        flags = int(p.chroma_from_luma), int(p.overlap)
        numbers = (p.lag, p.coefficient_shift, p.grain_shift, p.scaling_shift, *flags, *p.cb, *p.cr)
        lines.append("\t" + _line("p", *numbers))
        for (name, _, _), points in zip(_PLANES, p.points, strict=True):
            # Two spaces in the line of Y, one in those of Cb and Cr: libaom's way.
            row = _line(name, len(points)) + " " * (name == "sY")
            lines.append("\t" + row + "".join(f" {x} {y}" for x, y in points))
        for (_, name, _), taps in zip(_PLANES, p.coefficients, strict=True):
            lines.append("\t" + _line(name, *taps))
    return "\n".join(lines) + "\n"


def read(content: bytes, name: str) -> tuple[Segment, ...]:
    """The segments of a table, one or more, in order of time.

    content: ASCII text. name: of the file, for messages. Coefficients of a plane without grain may be absent,
    as grav1synth leaves them out: they are 0. Raises InputError, with the number of the line, where the
    file is no table or is damaged.
    """
    try:
        lines = content.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{name} is no AV1 film-grain table: it is no ASCII text") from None
    if not lines or lines[0].strip() != _MAGIC:
        found = f"'{lines[0][:40]}'" if lines else "nothing"
        raise InputError(
            f"{name} is no AV1 film-grain table: its first line is {found}, expected '{_MAGIC}', as aomenc, "
            "SVT-AV1 and grav1synth write it"
        )
    rows = _Rows(name, lines)
    segments: list[Segment] = []
    while rows.more():
        start, end, apply, seed, update = rows.named("E", _SEGMENT)
        if end <= start:
            raise rows.refused(f"the segment ends at {end}, which is not after its start, {start}")
        if segments and start < segments[-1].start:
            raise rows.refused(f"the segment starts at {start}, before the one above it")
        if not update and not any(s.parameters for s in segments) and apply:
            raise rows.refused("update_parameters is 0, but no segment before has parameters")
        segments.append(Segment(start, end, bool(apply), seed, _parameters(rows) if update else None))
    if not segments:
        raise InputError(f"{name} has no segment: expected lines that begin with E")
    return tuple(segments)


def _line(name: str, *numbers: int) -> str:
    return " ".join([name, *map(str, numbers)])


def _parameters(rows: _Rows) -> Parameters:
    """The lines p, sY, sCb, sCr, cY, cCb, cCr."""
    lag, shift, grain, scaling, from_luma, overlap, *mixes = rows.named("p", _NUMBERS)
    luma, cb, cr = (rows.points(name, most) for name, _, most in _PLANES)
    if from_luma and (cb or cr):
        raise rows.refused("chroma_scaling_from_luma is 1, so sCb and sCr have to have 0 points")
    near = 2 * lag * (lag + 1)
    y = rows.coefficients("cY", near, shorter=() if luma else (0,))
    # Without luma's grain, the last coefficient of Cb and Cr means nothing.
    less = () if luma else (near,)
    blue, red = [
        rows.coefficients(name, near + 1, shorter=less if points or from_luma else (0, near))
        for (_, name, _), points in zip(_PLANES[1:], (cb, cr), strict=True)
    ]
    return Parameters(
        lag, shift, grain, scaling, bool(from_luma), bool(overlap),
        (mixes[0], mixes[1], mixes[2]), (mixes[3], mixes[4], mixes[5]), (luma, cb, cr), (y, blue, red),
    )  # fmt: skip


class _Rows:
    """The lines after the first, one after the other, and where one stands."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self._name = name
        self._left: Iterator[tuple[int, list[str]]] = iter(
            [(k, words) for k, line in enumerate(lines[1:], 2) if (words := line.split())]
        )
        self._next = next(self._left, None)
        self._at = len(lines)

    def more(self) -> bool:
        return self._next is not None

    def refused(self, what: str) -> InputError:
        return InputError(f"the film-grain table {self._name} is damaged at line {self._at}: {what}")

    def named(self, name: str, expected: tuple[tuple[str, int, int], ...]) -> list[int]:
        """The numbers of the line `name`, as many as are expected, each within its range."""
        found = self._numbers(name)
        if len(found) != len(expected):
            raise self.refused(f"{name} has {len(found)} numbers, expected {len(expected)}")
        for value, (what, low, high) in zip(found, expected, strict=True):
            if not low <= value <= high:
                raise self.refused(f"{what} is {value}, expected {low} to {high}")
        return found

    def points(self, name: str, most: int) -> Points:
        """The points of the line `name`."""
        count, *found = self._numbers(name) or [-1]
        if not 0 <= count <= most:
            raise self.refused(f"{name} says that it has {count} points, expected 0 to {most}")
        if len(found) != 2 * count:
            raise self.refused(
                f"{name} says that it has {count} points, and has {len(found)} numbers after that, expected "
                f"{2 * count}"
            )
        if found and not 0 <= min(found) <= max(found) <= 255:
            raise self.refused(f"a point of {name} lies beyond 0 to 255")
        points = tuple(zip(found[::2], found[1::2], strict=True))
        if any(b[0] <= a[0] for a, b in pairwise(points)):
            raise self.refused(f"the points of {name} have to rise")
        return points

    def coefficients(self, name: str, count: int, shorter: tuple[int, ...]) -> tuple[int, ...]:
        """The `count` coefficients of the line `name`; as few as `shorter` says are followed by 0."""
        found = self._numbers(name)
        if len(found) != count and len(found) not in shorter:
            raise self.refused(
                f"{name} has {len(found)} coefficients, expected {count} for this ar_coeff_lag"
            )
        if found and not -128 <= min(found) <= max(found) <= 127:
            raise self.refused(f"a coefficient of {name} lies beyond -128 to 127")
        return (*found, *[0] * (count - len(found)))

    def _numbers(self, name: str) -> list[int]:
        if self._next is None:
            raise self.refused(f"the table ends where {name} was expected")
        self._at, words = self._next
        self._next = next(self._left, None)
        if words[0] != name:
            raise self.refused(f"it begins with '{words[0][:20]}', expected {name}")
        for word in words[1:]:
            if not _WHOLE.fullmatch(word):
                raise self.refused(f"'{word[:20]}' is no whole number")
        return [int(w) for w in words[1:]]
