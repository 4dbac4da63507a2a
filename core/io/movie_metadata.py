"""What a movie and its tags say of a picture, as the metadata of a frame."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from interneg.io import timecode
from interneg.io.attributes import Typed
from interneg.io.hdr import light_of
from interneg.io.movie_file import Movie
from interneg.io.movie_pixels import UNSPECIFIED, is_full_range

__all__ = ["is_timecode", "metadata_of"]

_TECHNICAL = ("major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration")
"""What containers say of how they were made, which is not so of another file."""


def metadata_of(picture: Any, movie: Movie, rate: Fraction | None, place: int) -> dict[str, Any]:
    """The metadata of the frame that a decoded picture becomes.

    picture, movie: an av.VideoFrame and what it is from. rate: frames per second, where they are known.
    place: of the picture in the movie, from 0.

    ===================  ==========================================================================
    cicp:primaries       ITU-T H.273 code, only where tagged; so too cicp:transfer, cicp:matrix
    cicp:range           0 limited, 1 full; only where tagged
    movie:pixel_format   FFmpeg's name, such as yuv422p10le
    FramesPerSecond      rational
    movie:KEY            what the file says about itself under KEY: title, comment, ...
    hdr10:...            see `interneg.io.hdr`
    smpte:TimeCode       of this frame, where the movie has a start time code and up to 60 frames a second
    ===================  ==========================================================================
    """
    metadata: dict[str, Any] = {
        f"movie:{k}": v for k, v in movie.file.metadata.items() if k.lower() not in _TECHNICAL
    } | light_of(picture)
    metadata["movie:pixel_format"] = picture.format.name
    for key, value in (
        ("primaries", picture.color_primaries),
        ("transfer", picture.color_trc),
        ("matrix", picture.colorspace),
    ):
        if int(value) != UNSPECIFIED:
            metadata[f"cicp:{key}"] = int(value)
    full = is_full_range(picture)
    if full or int(picture.color_range):
        metadata["cicp:range"] = int(full)
    if rate:
        metadata["FramesPerSecond"] = Typed("rational", (rate.numerator, rate.denominator))
        start = _start_timecode(movie.file, movie.stream)
        now = timecode.advance(start, place, rate) if start else None
        packed = timecode.pack(now, rate) if now else None
        if packed is not None:
            metadata["smpte:TimeCode"] = Typed("timecode", (packed, 0))
    return metadata


def is_timecode(stream: Any) -> bool:
    """Whether a stream is QuickTime's track for the time code, which each frame has."""
    return stream.type == "data" and "timecode" in stream.metadata


def _start_timecode(file: Any, stream: Any) -> str | None:
    for tags in (stream.metadata, file.metadata):
        for key, value in tags.items():
            if key.lower() == "timecode":
                return str(value)
    return None
