"""The header of an image file for a frame to write: which planes, stored how, with which attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import OpenImageIO as oiio

from interneg.errors import OutputError
from interneg.frame import Frame
from interneg.io.attributes import PART, STRAIGHT, TILES, Typed
from interneg.io.formats import ImageFormat
from interneg.io.image_attributes import EXR_STRAIGHT, OF_THIS_FILE, set_attribute
from interneg.io.rates import rate_in
from interneg.texts import is_utf8

__all__ = ["BITS", "ImageHeader", "header_of", "is_straight"]

BITS = {"uint8": 8, "uint10": 10, "uint12": 12, "uint16": 16}
"""The bits of a sample, by the name of its depth."""

_TYPES = {"uint8": "uint8", "uint32": "uint", "half": "half", "float": "float"}
_WIDENING = ("uint8", "uint10", "uint12", "uint16", "float")
_MIPMAP = ("textureformat", "openexr:levelmode", "openexr:roundingmode")
_OF_ONE_FORMAT = (
    *("compression", "planarconfig", "oiio:BitsPerSample", "tiff:ColorSpace", "tiff:Compression"),
    *("tiff:PhotometricInterpretation", "tiff:PlanarConfiguration", "tiff:RowsPerStrip", "jpeg:ColorSpace"),
)


class ImageHeader(NamedTuple):
    """What goes before the samples of one part.

    spec: an OpenImageIO.ImageSpec. channels: places of the frame's planes, in the file's order. stored: how
    each of those is stored, one of frame.DEPTHS.
    """

    spec: Any
    channels: tuple[int, ...]
    stored: tuple[str, ...]


def header_of(
    frame: Frame, kind: ImageFormat, name: Path, depth: str | None, attributes: Mapping[str, str]
) -> ImageHeader:
    """The header for one part; the frame's own parts are left out.

    name: of the file, for errors. depth, attributes: as for `write_image`. Raises OutputError for channels,
    depths or windows that the format cannot hold.
    """
    channels = _channel_order(kind, name, frame)
    stored = tuple(_stored(kind, name, depth or frame.depth[c]) for c in channels)
    if not kind.free_channels:
        stored = (max(stored, key=_WIDENING.index),) * len(channels)
    spec = oiio.ImageSpec(frame.width, frame.height, len(channels), _file_type(stored[0]))
    spec.channelnames = tuple(frame.channels[c] for c in channels)
    if len(set(stored)) > 1:
        spec.channelformats = tuple(oiio.TypeDesc(_file_type(s)) for s in stored)
    spec.alpha_channel = spec.channelnames.index("A") if "A" in spec.channelnames else -1
    _set_windows(spec, frame, kind, name)
    _set_metadata(spec, frame, kind, attributes)
    if stored[0] in BITS:
        spec.attribute("oiio:BitsPerSample", BITS[stored[0]])
    for setting, value in kind.settings:
        spec.attribute(setting, value)
    if "A" in spec.channelnames:
        straight = is_straight(kind, frame)
        if kind.alpha != "multiplied":
            spec.attribute(STRAIGHT, int(straight))
        elif straight:
            spec.attribute(EXR_STRAIGHT, 1)
    for key, text in attributes.items():
        spec.attribute(key, text)
    return ImageHeader(spec, channels, stored)


def is_straight(kind: ImageFormat, frame: Frame) -> bool:
    """Whether the alpha that goes to the file is straight (unassociated: colour not multiplied by it)."""
    return kind.alpha == "straight" or bool(frame.metadata.get(STRAIGHT, 0))


def _set_windows(spec: Any, frame: Frame, kind: ImageFormat, name: Path) -> None:
    data, display = frame.data_window, frame.display_window
    if data != display and not kind.holds_window(data, display, frame.pixel_aspect):
        raise OutputError(
            f"{name}: {kind.label} cannot hold the data window {tuple(data)} in the format "
            f"{tuple(display)}; write EXR, or crop the picture first"
        )
    spec.x, spec.y = data.x0, data.y0
    spec.full_x, spec.full_y = display.x0, display.y0
    spec.full_width, spec.full_height = display.width, display.height
    if kind.tiles:
        spec.tile_width, spec.tile_height = frame.metadata.get(TILES, (0, 0))


def _set_metadata(spec: Any, frame: Frame, kind: ImageFormat, attributes: Mapping[str, str]) -> None:
    """Put in what the frame says of itself, but for what `attributes` will say."""
    replaced = {name.partition(":")[0] for name in attributes}
    for name, value in (*_rate(kind, frame.metadata), *frame.metadata.items()):
        if name in (PART, TILES, *_MIPMAP, *OF_THIS_FILE) or name.partition(":")[0] in replaced:
            continue
        if name in _OF_ONE_FORMAT and not (name == "compression" and _compresses(kind, value)):
            continue
        set_attribute(spec, name, value, kind)
    if kind.stamps_time and "DateTime" not in frame.metadata:
        spec.attribute("DateTime", "")
    if frame.pixel_aspect != 1:
        spec.attribute("PixelAspectRatio", float(frame.pixel_aspect))
    compression = spec.get_string_attribute("compression")
    level = frame.metadata.get("openexr:dwaCompressionLevel")
    if level is not None and compression in ("dwaa", "dwab"):
        spec.attribute("compression", f"{compression}:{level:g}")


def _compresses(kind: ImageFormat, compression: Any) -> bool:
    return str(compression).partition(":")[0] in kind.compressions


def _rate(kind: ImageFormat, metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The frame rate as the format has it, where the frame may have it as another does."""
    rate = rate_in(metadata)
    if rate and kind.rate:
        name, number = kind.rate
        pair = Typed("rational", (rate.numerator, rate.denominator))
        yield name, pair if number == "rational" else float(rate)


def _channel_order(kind: ImageFormat, name: Path, frame: Frame) -> tuple[int, ...]:
    """The planes in the order that the format wants."""
    names, orders = frame.channels, kind.channel_orders
    if strange := [n for n in names if not is_utf8(n)]:
        raise OutputError(
            f"{name}: the name of channel {strange[0]} is not UTF-8, which OpenImageIO cannot write; rename "
            "the channel in the input"
        )
    if kind.free_channels:
        return tuple(range(len(names)))
    for order in orders:
        if set(names) == set(order):
            return tuple(names.index(n) for n in order)
    first = next((o for o in orders if set(o) <= set(names)), "")
    numbered = tuple(first) + tuple(f"channel{k}" for k in range(len(first), len(names)))
    if kind.numbered_channels and names == numbered:
        return tuple(range(len(names)))
    lost = ", ".join(n for n in names if n not in first)
    raise OutputError(
        f"{name}: {kind.label} cannot hold channel{'s' * (',' in lost)} {lost}; it holds "
        f"{' or '.join(orders)}. Write EXR, or take the channels out first"
    )


def _stored(kind: ImageFormat, name: Path, depth: str) -> str:
    if depth not in kind.depths:
        raise OutputError(
            f"{name}: {kind.label} cannot hold {depth} samples; it holds {sorted(set(kind.depths))}"
        )
    return kind.depths[depth]


def _file_type(stored: str) -> str:
    """The type in which OpenImageIO takes samples; it has none of 10 and 12 bits."""
    return _TYPES.get(stored, "uint16")
