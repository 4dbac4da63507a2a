"""The movies that are written, each a record of facts: ProRes, H.264, FFV1; and what a frame gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import av

from interneg.errors import OutputError, UsageError
from interneg.frame import DEPTHS, Frame
from interneg.io.movie_pixels import PLANAR, UNSPECIFIED
from interneg.io.ycbcr import MATRICES, Coding, usual_matrix

__all__ = ["H264_QUALITY", "Layout", "MovieFormat", "coding_of", "layout_of", "movie_format"]

H264_QUALITY = 14


class _Asked(NamedTuple):
    """What a frame asks of a pixel format.

    bits: of a sample. even: whether width and height are. source: the planar pixel format of the movie that
    the frame comes from, empty where there is none or it cannot be kept.
    """

    alpha: bool
    grey: bool
    bits: int
    even: bool
    source: str


class Layout(NamedTuple):
    """FFmpeg's name of a pixel format, and options for the encoder that go with it."""

    name: str
    options: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class MovieFormat:
    """A container with its codec.

    codec, container: as FFmpeg names them; label: as people do.
    layout: the pixel format for what a frame asks.
    alpha, full_range, pixel_aspect: whether the file can hold them.
    sound: the encoder for sound that the container cannot hold as it is, where the user asks for it.
    rare_sound: how FFmpeg's names of codecs begin that the container holds and few players know in it.
    light: the encoder's option that takes a display and light levels (`interneg.io.hdr`), empty for none.
    """

    label: str
    extensions: tuple[str, ...]
    container: str
    codec: str
    layout: Callable[[_Asked], Layout]
    alpha: bool = True
    full_range: bool = True
    pixel_aspect: bool = True
    sound: str
    rare_sound: tuple[str, ...] = ()
    light: str = ""


def _encoded(codec: str) -> set[str]:
    """The pixel formats that an encoder takes."""
    return {f.name for f in av.codec.Codec(codec, "w").video_formats or ()}


def _prores(asked: _Asked) -> Layout:
    if asked.alpha or asked.source.startswith("yuv444"):
        name = "yuva444p10le" if asked.alpha else "yuv444p10le"
        return Layout(name, {"profile": "4", "vendor": "apl0"})
    return Layout("yuv422p10le", {"profile": "3", "vendor": "apl0"})


def _h264(asked: _Asked) -> Layout:
    deep = "" if asked.bits == 8 else "10le"
    fallback = f"yuv4{'20' if asked.even else '44'}p{deep}"
    keeps = asked.source in _encoded("libx264") and asked.even
    return Layout(asked.source if keeps else fallback, {"crf": str(H264_QUALITY)})


def _ffv1(asked: _Asked) -> Layout:
    deep = "" if asked.bits == 8 else f"{asked.bits}le"
    fallback = f"gray{deep}" if asked.grey else f"gbr{'a' * asked.alpha}p{deep}"
    fallback = {"gbrp": "bgr0", "gbrap": "bgra"}.get(fallback, fallback)
    options = {"level": "3", "slicecrc": "1", "g": "1"}
    return Layout(asked.source if asked.source in _encoded("ffv1") else fallback, options)


_FORMATS = (
    MovieFormat(
        label="ProRes",
        extensions=(".mov",),
        container="mov",
        codec="prores_ks",
        layout=_prores,
        sound="pcm_s24le",
        full_range=False,
    ),
    MovieFormat(
        label="H.264",
        extensions=(".mp4", ".m4v"),
        container="mp4",
        codec="libx264",
        layout=_h264,
        sound="aac",
        rare_sound=("pcm_", "flac", "vorbis", "dts"),
        light="x264-params",
        alpha=False,
    ),
    MovieFormat(
        label="FFV1",
        extensions=(".mkv",),
        container="matroska",
        codec="ffv1",
        layout=_ffv1,
        sound="flac",
        pixel_aspect=False,
    ),
)


def movie_format(path: Path) -> MovieFormat:
    """What is written under this name. Raises UsageError where movies of its kind are read only."""
    found = next((f for f in _FORMATS if path.suffix.lower() in f.extensions), None)
    if found is None:
        raise UsageError(f"{path}: movies are written as .mov (ProRes), .mp4 (H.264) or .mkv (FFV1)")
    return found


def layout_of(frame: Frame, kind: MovieFormat, path: Path, depth: str | None) -> Layout:
    """The pixel format for frames like this one.

    depth: one of DEPTHS, instead of the frame's own and its source's. path: for errors. Raises OutputError
    for channels or a data window that no movie, or not this kind of movie, can hold.
    """
    names = frame.channels
    if set(names) not in ({"Y"}, {"R", "G", "B"}, {"R", "G", "B", "A"}) or frame.parts:
        held = "RGBA" if {"R", "G", "B"} <= set(names) else "Y"
        extra = [n for n in names if n not in held] + [p.metadata.get("name", "part") for p in frame.parts]
        raise OutputError(
            f"{path}: a movie holds Y, RGB or RGBA, not {', '.join(map(str, extra or names))}; write EXR"
        )
    if frame.data_window != frame.display_window:
        raise OutputError(
            f"{path}: a movie cannot hold the data window {tuple(frame.data_window)} in the format "
            f"{tuple(frame.display_window)}; write EXR, or crop the picture first"
        )
    alpha = "A" in names
    if alpha and not kind.alpha:
        raise OutputError(f"{path}: {kind.label} cannot hold alpha; write .mov (ProRes 4444) or .mkv (FFV1)")
    stored = depth or max(frame.depth, key=DEPTHS.index)
    bits = {"uint8": 8, "uint10": 10, "uint12": 12}.get(stored, 16)
    source = str(frame.metadata.get("movie:pixel_format", "")) if depth is None else ""
    source = PLANAR.get(source, source).replace("yuvj", "yuv")
    if source and ("a" in source.removeprefix("gray").partition("p")[0]) != alpha:
        source = ""
    even = frame.width % 2 == 0 and frame.height % 2 == 0
    return kind.layout(_Asked(alpha, names == ("Y",), bits, even, source))


def coding_of(frame: Frame, kind: MovieFormat, layout: str) -> Coding:
    """How codes of a pixel format stand for light in a movie of frames like this one, after its tags."""
    bits = av.VideoFormat(PLANAR.get(layout, layout), 2, 2).components[0].bits
    if av.VideoFormat(layout, frame.width, frame.height).is_rgb:
        return Coding(0, True, bits)
    tags = frame.metadata
    matrix = int(tags.get("cicp:matrix", UNSPECIFIED))
    # The range of an R'G'B' source is not that of Y'CbCr.
    ycbcr = matrix in MATRICES or str(tags.get("movie:pixel_format", "")).startswith("yuv")
    full = ycbcr and kind.full_range and int(tags.get("cicp:range", 0)) == 1
    return Coding(matrix if matrix in MATRICES else usual_matrix(frame.height), full, bits)
