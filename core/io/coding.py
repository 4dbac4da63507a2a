"""How strongly a codec quantised the frames of a file, as the file itself says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from interneg.errors import InputError
from interneg.io.jpeg import scan_start

__all__ = ["Quantised", "coding_of_images", "coding_of_movie"]

_LOOKED_AT = 24
_KINDS = {"h264": "h264", "mpeg2video": "mpeg2", "mpeg1video": "mpeg2"}
_TABLES = 0xDB
_ANNEX_K = np.array(
    [
        (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55), (14, 13, 16, 24, 40, 57, 69, 56),
        (14, 17, 22, 29, 51, 87, 80, 62), (18, 22, 37, 56, 68, 109, 103, 77),
        (24, 35, 55, 64, 81, 104, 113, 92),
        (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
    ],
    float,
)  # fmt: skip
"""The luma table of ITU-T T.81, annex K: that of a quality of 50."""


_SILENT = ("hevc", "av1", "vp9", "vp8", "mpeg4", "wmv3", "vc1")
"""Lossy codecs whose decoders do not tell."""


class Quantised(NamedTuple):
    """kind: "h264", "mpeg2" or "jpeg", or another codec. value: the median quantiser (H.264's QP, 0..51;
    MPEG's, 1..31), or the quality by libjpeg's scale, 1..100; NaN for another codec.
    """

    kind: str
    value: float


def coding_of_movie(path: str | Path) -> Quantised | None:
    """That of the first frames of a movie; None for a codec that loses little, or nothing.

    Raises InputError for a file that cannot be read.
    """
    found: list[float] = []
    try:
        with av.open(str(path)) as source:
            if not source.streams.video:
                return None
            stream = source.streams.video[0]
            name = stream.codec_context.codec.canonical_name
            kind = _KINDS.get(name)
            if kind is None:
                return Quantised(name, math.nan) if name in _SILENT else None
            stream.codec_context.options = {"export_side_data": "venc_params"}
            for frame in source.decode(stream):
                told = frame.side_data.get("VIDEO_ENC_PARAMS")
                if told is not None:
                    found.append(float(np.median(told.qp_map())) if told.nb_blocks else float(told.qp))
                if len(found) >= _LOOKED_AT:
                    break
    except (av.error.FFmpegError, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not found:
        return None
    value = float(np.median(found))
    return Quantised(kind, value / 2 if kind == "mpeg2" else value)  # FFmpeg tells MPEG's in halves


def coding_of_images(paths: Sequence[str | Path]) -> Quantised | None:
    """That of JPEG files, by their tables; None where one is no JPEG. Raises InputError as reading does."""
    found = []
    for path in paths[:_LOOKED_AT]:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        mean = _luma_table(content)
        if mean is None:
            return None
        found.append(min(range(1, 101), key=lambda quality: abs(_mean_at(quality) - mean)))
    return Quantised("jpeg", float(np.median(found))) if found else None


def _mean_at(quality: int) -> float:
    """The mean of the luma table that libjpeg makes for a quality."""
    scale = 50 / quality if quality < 50 else 2 - quality / 50
    return float(np.clip(np.floor(_ANNEX_K * scale + 0.5), 1, 255).mean())


def _luma_table(content: bytes) -> float | None:
    """The mean of a JPEG's first table (ITU-T T.81, B.2.4.1)."""
    if content[:2] != b"\xff\xd8":
        return None
    at, end = 2, scan_start(content)
    while at + 4 <= end and content[at] == 0xFF:
        size = int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at + 1] == _TABLES:
            wide = content[at + 4] >> 4
            table = content[at + 5 : at + 5 + 64 * (1 + wide)]
            return float(np.frombuffer(table, ">u2" if wide else np.uint8).mean())
        at += 2 + size
    return None
