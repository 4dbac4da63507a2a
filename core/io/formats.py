"""Which files Interneg reads and writes, by extension; no library is loaded to know it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interneg.errors import UsageError

__all__ = ["IMAGES", "MOVIES", "ImageFormat", "image_format", "is_movie"]


@dataclass(frozen=True)
class ImageFormat:
    """What an image format can hold.

    name: as OpenImageIO calls it; label: as people do.
    depths: for each depth of a frame, how it is stored here: itself where the format has it, else the
        nearest that keeps every code apart, else (half and float in integer formats) the widest integer.
    own_provenance: whether arbitrary text attributes survive in the file itself.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    depths: dict[str, str]
    own_provenance: bool


IMAGES = (
    ImageFormat(
        "openexr",
        "OpenEXR",
        (".exr", ".sxr", ".mxr"),
        {
            "uint8": "half",
            "uint10": "half",
            "uint12": "float",
            "uint16": "float",
            "uint32": "uint32",
            "half": "half",
            "float": "float",
        },
        True,
    ),
    ImageFormat(
        "dpx",
        "DPX",
        (".dpx",),
        {
            "uint8": "uint8",
            "uint10": "uint10",
            "uint12": "uint12",
            "uint16": "uint16",
            "half": "uint16",
            "float": "uint16",
        },
        False,
    ),
    ImageFormat(
        "tiff",
        "TIFF",
        (".tif", ".tiff"),
        {
            "uint8": "uint8",
            "uint10": "uint10",
            "uint12": "uint12",
            "uint16": "uint16",
            "uint32": "float",
            "half": "float",
            "float": "float",
        },
        False,
    ),
    ImageFormat(
        "png",
        "PNG",
        (".png",),
        {
            "uint8": "uint8",
            "uint10": "uint16",
            "uint12": "uint16",
            "uint16": "uint16",
            "half": "uint16",
            "float": "uint16",
        },
        True,
    ),
    ImageFormat(
        "jpeg",
        "JPEG",
        (".jpg", ".jpeg"),
        dict.fromkeys(("uint8", "uint10", "uint12", "uint16", "half", "float"), "uint8"),
        False,
    ),
)
MOVIES = (".mov", ".mp4", ".m4v", ".mkv", ".mxf", ".avi", ".mpg", ".mpeg", ".m2v", ".ts", ".m2ts", ".webm")

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
