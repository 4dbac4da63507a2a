"""Which files Interneg reads and writes, by extension, and what each format can hold.

A format is one record of facts here; the rooms that read and write pictures ask the record and never for a
format by name. No library is loaded to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from interneg.errors import UsageError
from interneg.io.dpx import absent_attributes, in_rows, put_file_name
from interneg.io.jpeg import scan_start

if TYPE_CHECKING:
    from interneg.frame import Box

__all__ = ["IMAGES", "JPEG_QUALITY", "MOVIES", "ImageFormat", "image_format", "is_movie", "unknown_extension"]

JPEG_QUALITY = 95


def _anywhere(data: Box, display: Box, pixel_aspect: float) -> bool:
    return True


def _nowhere(data: Box, display: Box, pixel_aspect: float) -> bool:
    return False


def _within(data: Box, display: Box, pixel_aspect: float) -> bool:
    return min(data.x0, data.y0) >= 0 and display[:2] == (0, 0)


def _within_square(data: Box, display: Box, pixel_aspect: float) -> bool:
    return _within(data, display, pixel_aspect) and pixel_aspect == 1


def _itself(path: Path) -> AbstractContextManager[tuple[Path, dict[str, int]]]:
    return nullcontext((path, {}))


@dataclass(frozen=True, kw_only=True)
class ImageFormat:
    """What an image format can hold.

    name: as OpenImageIO calls it; label: as people do; extensions: in lower case, with the dot.
    depths: for each depth of a frame, how it is stored here: itself where the format has it, else the
        nearest that keeps every code apart, else (half and float in integer formats) the widest integer.
    own_provenance: whether arbitrary text attributes survive in the file itself.

    Channels
    free_channels: whether channels have names and depths of their own, in any number.
    channel_orders: else, the channels that it holds, in its order.
    numbered_channels: whether "channel3", "channel4" and so on may follow those.

    Pictures
    parts: how several parts lie in one file: not at all, with all headers before the first picture, or each
        appended as a page.
    holds_window: whether it holds a data window that is not the display window, given both and the pixel
        aspect.
    tiles: whether pictures may be stored in tiles.
    alpha: how colour relates to alpha by the format's own rules: multiplied by it, never multiplied, or as
        an attribute says.

    Attributes
    compressions: values of "compression" that it knows. settings: attributes that are always set.
    rate: the attribute that holds the frame rate, and whether as two integers or as one number.
    number_types: whether numbers may have other types than int and float; OpenImageIO would drop doubles
        and wrap large integers.
    written_as: beginnings of attribute names that OpenImageIO would drop, and what is written in their place.

    Files
    stamps_time: whether OpenImageIO adds the time of writing where no "DateTime" is given.
    needs_room: whether the library ends the whole process on a full disk, so that room must be proved first.
    ending: the last bytes of every whole file, behind which other programs may put something of their own.
    body: where in a file's bytes the pixels begin, in front of which such bytes may stand, too.
    readable: gives a file that OpenImageIO reads as this one is stored, and the attributes that one lacks.
    absent_attributes: those that OpenImageIO invents for this file, given it and those that are text.
    put_file_name: writes the file's own name into it, where the format keeps one.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    depths: dict[str, str]
    own_provenance: bool = False
    free_channels: bool = False
    channel_orders: tuple[str, ...] = ("RGBA", "RGB", "YA", "Y")
    numbered_channels: bool = False
    parts: Literal["none", "declared", "appended"] = "none"
    holds_window: Callable[[Box, Box, float], bool] = _nowhere
    tiles: bool = False
    alpha: Literal["multiplied", "straight", "stated"] = "stated"
    compressions: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    rate: tuple[str, Literal["rational", "float"]] | None = None
    number_types: bool = True
    written_as: tuple[tuple[str, str], ...] = ()
    stamps_time: bool = False
    needs_room: bool = False
    ending: bytes = b""
    body: Callable[[bytes], int] = lambda content: 0
    readable: Callable[[Path], AbstractContextManager[tuple[Path, dict[str, int]]]] = _itself
    absent_attributes: Callable[[Path, Mapping[str, str]], tuple[str, ...]] = lambda path, texts: ()
    put_file_name: Callable[[Path, str], None] = lambda path, name: None


def _same(*depths: str) -> dict[str, str]:
    return {depth: depth for depth in depths}


IMAGES = (
    ImageFormat(
        name="openexr",
        label="OpenEXR",
        extensions=(".exr", ".sxr", ".mxr"),
        depths={
            **{"uint8": "half", "uint10": "half", "uint12": "float", "uint16": "float"},
            **_same("uint32", "half", "float"),
        },
        own_provenance=True,
        free_channels=True,
        parts="declared",
        holds_window=_anywhere,
        tiles=True,
        alpha="multiplied",
        compressions=(
            *("none", "rle", "zip", "zips", "piz", "pxr24"),
            *("b44", "b44a", "dwaa", "dwab", "htj2k32", "htj2k256", "zstd"),
        ),
        rate=("FramesPerSecond", "rational"),
        number_types=False,
        written_as=(("dpx:", "dpx/"),),
        stamps_time=True,
    ),
    ImageFormat(
        name="dpx",
        label="DPX",
        extensions=(".dpx",),
        depths={**_same("uint8", "uint10", "uint12", "uint16"), "half": "uint16", "float": "uint16"},
        channel_orders=("RGBA", "RGB", "Y"),
        holds_window=_within,
        rate=("dpx:FrameRate", "float"),
        readable=in_rows,
        absent_attributes=absent_attributes,
        put_file_name=put_file_name,
    ),
    ImageFormat(
        name="tiff",
        label="TIFF",
        extensions=(".tif", ".tiff"),
        depths={
            **_same("uint8", "uint10", "uint12", "uint16"),
            **{"uint32": "float", "half": "float", "float": "float"},
        },
        numbered_channels=True,
        parts="appended",
        holds_window=_within_square,
        tiles=True,
        compressions=("none", "lzw", "zip", "packbits"),
        stamps_time=True,
    ),
    ImageFormat(
        name="png",
        label="PNG",
        extensions=(".png",),
        depths={"uint8": "uint8", **dict.fromkeys(("uint10", "uint12", "uint16", "half", "float"), "uint16")},
        own_provenance=True,
        alpha="straight",
        ending=b"IEND\xaeB`\x82",
    ),
    ImageFormat(
        name="jpeg",
        label="JPEG",
        extensions=(".jpg", ".jpeg"),
        depths=dict.fromkeys(("uint8", "uint10", "uint12", "uint16", "half", "float"), "uint8"),
        channel_orders=("RGB", "Y"),
        settings=(("compression", f"jpeg:{JPEG_QUALITY}"), ("jpeg:subsampling", "4:4:4")),
        needs_room=True,
        ending=b"\xff\xd9",
        body=scan_start,
    ),
)
MOVIES = (
    ".mov", ".mp4", ".m4v", ".mkv", ".mxf", ".avi", ".mpg", ".mpeg", ".m2v", ".ts", ".m2ts", ".mts", ".m2t",
    ".webm", ".vob", ".3gp", ".flv", ".wmv", ".dv", ".y4m", ".264", ".h264", ".265", ".h265", ".hevc", ".ogv",
    ".ivf", ".nut", ".mjpeg", ".mjpg",
)  # fmt: skip

MOVIES_WRITTEN = (".mov", ".mp4", ".m4v", ".mkv")
"""Those of them that are written, too."""

_BY_EXTENSION = {extension: f for f in IMAGES for extension in f.extensions}


def is_movie(path: Path) -> bool:
    """Whether the name is that of a movie file."""
    return path.suffix.lower() in MOVIES


def image_format(path: Path) -> ImageFormat | None:
    """The image format that the name's extension stands for, None for any other name."""
    return _BY_EXTENSION.get(path.suffix.lower())


def unknown_extension(path: Path, *, writing: bool = False) -> UsageError:
    """The error for a name that is neither an image's nor a movie's. writing: whether it is an output's."""
    known = " ".join(sorted({*_BY_EXTENSION, *(MOVIES_WRITTEN if writing else MOVIES)}))
    which = "can be written" if writing else "are known"
    return UsageError(f"{path}: '{path.suffix}' is no file type known here; these {which}: {known}")
