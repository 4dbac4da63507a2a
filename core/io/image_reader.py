"""Image files to frames: all that a format can hold is read, or is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from interneg.errors import InputError
from interneg.frame import Box, Frame, colour_planes
from interneg.io.attributes import ORIENTATION, PART, STRAIGHT, TILES, colour_model
from interneg.io.formats import IMAGES, ImageFormat, image_format
from interneg.io.image_attributes import EXR_STRAIGHT, attributes_of
from interneg.io.image_file import opened, reason_of
from interneg.io.image_header import BITS
from interneg.io.orientation import upright
from interneg.io.rates import rate_in
from interneg.texts import error_text, utf8_name

__all__ = [
    "lost_attributes",
    "packed_otherwise",
    "read_attributes",
    "read_channels",
    "read_image",
    "read_rgb8",
]

_LAYOUT = (
    PART,
    TILES,
    "compression",
    "planarconfig",
    ORIENTATION,
    "screenWindowCenter",
    "screenWindowWidth",
    "dpx:DittoKey",
    "dpx:EndOfImagePadding",
    "dpx:EndOfLinePadding",
    "dpx:ImageDescriptor",
    "dpx:Packing",
    "dpx:Signal",
    "dpx:Version",
)
_REDUCED = 1
"""The bit of TIFF's NewSubfileType by which a page is a smaller version of another."""

_FORMATS = ("oiio", "openexr", "tiff", "png", "jpeg", "movie", "interneg")


def read_image(path: Path, number: int = 0) -> Frame:
    """Read all parts of an image file.

    number: of the frame. The frame is the first part that has R, G, B or Y channels (else the first); the
    others are its `parts`, but for a TIFF's thumbnails. Pixels are (C, H, W) float32, the interleaved buffer
    of the file seen so, in the colour space of the file, turned upright where it says that they lie
    otherwise. Integers of N bits are divided by 2^N - 1; floats are as they are, negatives, inf and NaN too.
    C, M, Y, K become R = (1 - C)(1 - K) and so on. Alpha comes as the file has it, associated or not
    (metadata "oiio:UnassociatedAlpha").
    Attributes of one string, int, float are plain values in `metadata`, other numbers NumPy scalars, and
    all else is `Typed`; "tiles" is the size of tiles, and "dpx:..." what a DPX said, through EXR too.
    Raises InputError for a missing, truncated or foreign file, deep parts, subsampled channels, and 32-bit
    integer channels whose values float32 cannot hold; HostMemoryError for more pixels than memory holds.
    """
    with opened(path) as (file, kind, specs):
        pages = _pages(specs)
        if any(specs[k].deep for k in pages):
            raise InputError(f"{path}: the file has deep parts, which are not supported; flatten it first")
        frames = [_read_part(file, path, k, specs[k], kind, number, len(pages)) for k in pages]
    main = _main([f.channels for f in frames])
    others = tuple(frames[:main] + frames[main + 1 :])
    return frames[main].with_pixels(frames[main].pixels, parts=others) if others else frames[main]


def read_channels(path: Path) -> tuple[str, ...]:
    """The channels of the frame in an image file, from the headers alone. Raises as `read_attributes`."""
    with opened(path) as (_, kind, specs):
        names = [_channel_names(specs[k], kind) for k in _pages(specs)]
    return names[_main(names)]


def read_rgb8(path: Path) -> npt.NDArray[np.uint8]:
    """Read the first picture of any image file that OpenImageIO knows, rounded to 8 bits.

    Returns (H, W, 3) uint8 R, G, B, a new C-contiguous array, as encoded in the file; one or two channels
    (grey, grey with alpha) give three alike, and a fourth and later ones are left out. Unlike `read_image`
    this takes the content for what it is, whatever the name's extension. Raises InputError for a file that
    is missing or no readable image.
    """
    try:
        with utf8_name(path, "rb") as name:
            picture = oiio.ImageBuf(name)
            pixels = picture.get_pixels(oiio.UINT8)
    except OSError as e:
        raise InputError(f"{path}: the file cannot be read: {e.strerror}") from e
    if picture.has_error or pixels is None:
        raise InputError(f"{path}: not readable as an image: {error_text(picture)}")
    return np.ascontiguousarray(np.repeat(pixels, 3, 2) if pixels.shape[2] < 3 else pixels[..., :3])


def read_attributes(path: Path, by: str | None = None) -> dict[str, Any]:
    """The attributes of a file's parts in one mapping, from the headers alone; of two alike the first.

    Values are as in `read_image`. by: see `opened`. Raises InputError for a file whose header cannot be read.
    """
    with opened(path, by) as (_, _, specs):
        return {name: value for spec in reversed(specs) for name, value in attributes_of(spec)}


def lost_attributes(path: Path, frame: Frame, by: str | None = None) -> list[str]:
    """The names of the frame's attributes that its file does not hold, sorted.

    Those of the layout of a file and of one format are not counted. by: see `opened`. Raises InputError as
    `read_attributes`.
    """
    held = read_attributes(path, by)
    names = {name for f in (frame, *frame.parts) for name in f.metadata} - set(held)
    if rate_in(held):
        names -= {"FramesPerSecond", "dpx:FrameRate"}
    return sorted(n for n in names if n not in _LAYOUT and n.partition(":")[0] not in _FORMATS)


def packed_otherwise(path: Path, frame: Frame, by: str | None = None) -> tuple[str, str] | None:
    """The compression that the frame came with and the one that its file has, where these should be alike.

    None too where that is one of another format's. by: see `opened`. Raises InputError as `read_attributes`.
    """
    asked, found = (
        str(m.get("compression", "")).partition(":")[0] for m in (frame.metadata, read_attributes(path, by))
    )
    own = image_format(path)
    others = {c for kind in IMAGES if kind is not own for c in kind.compressions}
    known = own.compressions if own else ()
    if not (asked and found) or asked == found or (asked in others and asked not in known):
        return None
    return asked, found


def _pages(specs: list[Any]) -> list[int]:
    """The places of the parts that are pictures of their own."""
    own = [k for k, s in enumerate(specs) if not s.get_int_attribute("tiff:subfiletype") & _REDUCED]
    return own or list(range(len(specs)))


def _main(channels: list[tuple[str, ...]]) -> int:
    """Which part is the frame, by the names of their channels."""
    return next((k for k, names in enumerate(channels) if colour_planes(names)), 0)


def _read_part(
    file: Any, path: Path, index: int, spec: Any, kind: ImageFormat, number: int, parts: int
) -> Frame:
    if spec.get_string_attribute("tiff:ColorSpace") == "color separated":
        raise InputError(
            f"{path}: the file holds {spec.nchannels} inks, such as CMYK with alpha, which are no R, G, B; "
            "convert it to RGB or RGBA"
        )
    pixels, depths = _read_pixels(file, path, index, spec)
    metadata = dict(attributes_of(spec))
    if EXR_STRAIGHT in metadata:
        metadata[STRAIGHT] = metadata.pop(EXR_STRAIGHT)
    if colour_model(metadata):  # whose profile does not fit R, G, B
        metadata = {k: v for k, v in metadata.items() if k.partition(":")[0] != "ICCProfile"}
    if parts > 1:
        metadata[PART] = index
    if spec.tile_width:
        metadata[TILES] = (spec.tile_width, spec.tile_height)
    frame = Frame(
        pixels.transpose(2, 0, 1),
        _channel_names(spec, kind),
        Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height),
        Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height),
        depths,
        pixel_aspect=spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0,
        number=number,
        metadata=metadata,
    )
    return upright(frame) if ORIENTATION in metadata else frame


def _read_pixels(
    file: Any, path: Path, index: int, spec: Any
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """The samples of a part, (H, W, C) float32, and how each channel was stored."""
    formats = [str(f) for f in spec.channelformats] or [str(spec.format)] * spec.nchannels
    bits = spec.get_int_attribute("oiio:BitsPerSample")

    def read(kind: Any, first: int = 0, last: int = spec.nchannels) -> npt.NDArray[Any]:
        got = file.read_image(index, 0, first, last, kind)
        if got is None or file.has_error:
            raise InputError(f"{path}: the file is damaged or truncated: {reason_of(file, path)}")
        return np.asarray(got).reshape(spec.height, spec.width, last - first)

    if set(formats) <= {"uint8", "uint16"}:
        depth = formats[0] if bits not in (10, 12) else f"uint{bits}"
        codes = read(oiio.UINT8 if depth == "uint8" else oiio.UINT16)
        if depth in ("uint10", "uint12"):
            codes = codes >> (16 - bits)
        pixels = codes.astype(np.float32)
        pixels /= 2 ** BITS[depth] - 1
        return pixels, (depth,) * spec.nchannels
    if set(formats) == {"half"}:
        return read(oiio.HALF).astype(np.float32), ("half",) * spec.nchannels
    if set(formats) <= {"half", "float", "uint"}:
        pixels = read(oiio.FLOAT)
        for k in (k for k, f in enumerate(formats) if f == "uint"):
            if not np.array_equal(_codes32(pixels[..., k]), read(oiio.UINT, k, k + 1)[..., 0]):
                raise InputError(
                    f"{path}: channel {spec.channelnames[k]} holds 32-bit integers that float pixels cannot "
                    "keep exactly (at most 24 bits); take the channel out or store it as float"
                )
        return pixels, tuple({"uint": "uint32"}.get(f, f) for f in formats)
    raise InputError(f"{path}: samples of {', '.join(sorted(set(formats)))} are not supported")


def _channel_names(spec: Any, kind: ImageFormat) -> tuple[str, ...]:
    """The names of the channels; formats without names of their own give grey with alpha as "R" and "G"."""
    names = tuple(spec.channelnames)
    if names == ("R", "G") and not kind.free_channels:
        return ("Y", "A") if spec.alpha_channel == 1 else ("Y", "channel1")
    return names


def _codes32(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.rint(values.astype(np.float64) * (2.0**32 - 1))
