"""Image files to frames and back: all that a format can hold survives, all that it cannot is an error."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from interneg.errors import InputError, OutputError
from interneg.frame import Box, Frame
from interneg.io.attributes import Typed
from interneg.io.clip import rate_in
from interneg.io.formats import ImageFormat, image_format
from interneg.io.pixels import Warn, integers, to_half, unassociated

__all__ = ["damaged_end", "lost_attributes", "read_attributes", "read_image", "write_image"]

JPEG_QUALITY = 95
FULL = 2**20
"""Free bytes below which a disk counts as full."""

PART = "oiio:subimage"
"""Metadata key: the place of a frame's part in its file."""

DPX, DPX_IN_EXR = "dpx:", "dpx/"
"""How names of the DPX header begin, and how they do in EXR, where OpenImageIO would drop them."""

TILES = "tiles"
"""Metadata key: width and height of the tiles of an EXR or TIFF."""

EXR_STRAIGHT = "unassociatedAlpha"
"""EXR attribute of ours for "oiio:UnassociatedAlpha", which OpenImageIO does not write there."""

_BITS = {"uint8": 8, "uint10": 10, "uint12": 12, "uint16": 16}
_TYPES = {"uint32": "uint", "half": "half", "float": "float"}
_SCALARS: dict[str, type] = {"uint": np.uint32, "double": np.float64, "int64": np.int64, "uint64": np.uint64}
_OF_THIS_FILE = (
    "openexr:chunkCount",
    "oiio:subimages",
    "oiio:subimagename",
    "oiio:RowsPerChunk",
    "PixelAspectRatio",
)
"""Attributes that describe how this one file is laid out, or that the frame carries elsewhere."""
_MIPMAP = ("textureformat", "openexr:levelmode", "openexr:roundingmode")
_LAYOUT = (
    PART,
    TILES,
    "compression",
    "planarconfig",
    "Orientation",
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
_FORMATS = ("oiio", "openexr", "tiff", "png", "jpeg", "movie", "interneg")
_DPX_FILM = (
    "smpte:KeyCode",
    *(
        DPX + name
        for name in ("FilmEdgeCode", "Format", "FramePosition", "SequenceLength", "HeldCount", "FrameRate",
                     "ShutterAngle", "FrameId", "SlateInfo")
    ),
)  # fmt: skip
_DPX_VIDEO = (
    "smpte:TimeCode",
    *(
        DPX + name
        for name in ("TimeCode", "UserBits", "Interlace", "FieldNumber", "Signal", "HorizontalSampleRate",
                     "VerticalSampleRate", "TemporalFrameRate", "TimeOffset", "Gamma", "BlackLevel",
                     "BlackGain", "BreakPoint", "WhiteLevel", "IntegrationTimes")
    ),
)  # fmt: skip
_OF_ONE_FORMAT = ("compression", "planarconfig", "oiio:BitsPerSample")


def read_image(path: Path, number: int = 0) -> Frame:
    """Read all parts of an image file.

    The frame is the first part that has R, G, B or Y channels (else the first); the others are its `parts`.
    Pixels are the interleaved buffer of the file seen as (C, H, W). Integers of N bits are divided by
    2^N - 1. Alpha comes as the file has it, associated or not (metadata "oiio:UnassociatedAlpha").
    Attributes of one string, int, float are plain values in `metadata`, other numbers NumPy scalars, and
    all else is `Typed`; "tiles" is the size of tiles, and "dpx:..." what a DPX said, through EXR too.
    Raises InputError for a missing, truncated or foreign file, deep parts, subsampled channels, and 32-bit
    integer channels whose values float32 cannot hold.
    """
    with _opened(path) as (file, specs):
        if any(spec.deep for spec in specs):
            raise InputError(f"{path}: the file has deep parts, which are not supported; flatten it first")
        frames = [_read_part(file, path, k, spec, number, len(specs)) for k, spec in enumerate(specs)]
    main = next((k for k, f in enumerate(frames) if f.colour_channels), 0)
    others = tuple(frames[:main] + frames[main + 1 :])
    return frames[main].with_pixels(frames[main].pixels, parts=others) if others else frames[main]


def read_attributes(path: Path) -> dict[str, Any]:
    """The attributes of a file's parts in one mapping, from the headers alone.

    Raises InputError for a file whose header cannot be read.
    """
    with _opened(path) as (_, specs):
        return {name: value for spec in reversed(specs) for name, value in _attributes(spec)}


def lost_attributes(path: Path, frame: Frame) -> list[str]:
    """The names of the frame's attributes that its file does not hold, but for those of the file's layout."""
    held = read_attributes(path)
    names = {name for f in (frame, *frame.parts) for name in f.metadata} - set(held)
    if rate_in(held):
        names -= {"FramesPerSecond", "dpx:FrameRate"}
    return sorted(n for n in names if n not in _LAYOUT and n.partition(":")[0] not in _FORMATS)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, list[Any]]]:
    asked = image_format(path)
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; an image file was expected")
    try:
        size = path.stat().st_size
    except OSError as e:
        raise InputError(f"{path}: the file cannot be read: {e.strerror}") from e
    if size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes)")
    if asked is None:
        raise InputError(f"{path}: '{path.suffix}' is no image type known here")
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(str(path), config)
    if file is None:
        raise InputError(f"{path}: not a readable {asked.label} file: {oiio.geterror() or 'unknown reason'}")
    try:
        if file.format_name() != asked.name:
            raise InputError(
                f"{path}: the name says {asked.label}, but the file is really "
                f"{file.format_name().upper()}; rename it"
            )
        specs: list[Any] = []
        while file.seek_subimage(len(specs), 0):
            specs.append(file.spec())
        file.geterror()
        if asked.name == "dpx":
            absent = _absent(path)
            for spec, name in product(specs, absent):
                spec.erase_attribute(name)
        yield file, specs
    finally:
        file.close()


def _absent(path: Path) -> tuple[str, ...]:
    """The attributes that OpenImageIO reads out of a DPX's picture, where that begins before they would.

    Headers for film (from byte 1664) and video (from 1920) may be left out. (SMPTE ST 268-1.)
    """
    with path.open("rb") as file:
        magic, begin = file.read(4), file.read(4)
    start = int.from_bytes(begin, "big" if magic == b"SDPX" else "little")
    return (_DPX_FILM if start < 1920 else ()) + (_DPX_VIDEO if start < 2048 else ())


def _read_part(file: Any, path: Path, index: int, spec: Any, number: int, parts: int) -> Frame:
    formats = [str(f) for f in spec.channelformats] or [str(spec.format)] * spec.nchannels
    bits = spec.get_int_attribute("oiio:BitsPerSample")

    def read(kind: Any, first: int = 0, last: int = spec.nchannels) -> npt.NDArray[Any]:
        got = file.read_image(index, 0, first, last, kind)
        if got is None or file.has_error:
            raise InputError(
                f"{path}: the file is damaged or truncated: {file.geterror() or 'no reason given'}"
            )
        return np.asarray(got).reshape(spec.height, spec.width, last - first)

    if set(formats) <= {"uint8", "uint16"}:
        depth = formats[0] if bits not in (10, 12) else f"uint{bits}"
        codes = read(oiio.UINT8 if depth == "uint8" else oiio.UINT16)
        if depth in ("uint10", "uint12"):
            codes = codes >> (16 - bits)
        pixels = codes.astype(np.float32)
        pixels /= 2 ** _BITS[depth] - 1
        depths = (depth,) * spec.nchannels
    elif set(formats) == {"half"}:
        pixels, depths = read(oiio.HALF).astype(np.float32), ("half",) * spec.nchannels
    elif set(formats) <= {"half", "float", "uint"}:
        pixels, depths = read(oiio.FLOAT), tuple({"uint": "uint32"}.get(f, f) for f in formats)
        for k in (k for k, f in enumerate(formats) if f == "uint"):
            if not np.array_equal(_codes32(pixels[..., k]), read(oiio.UINT, k, k + 1)[..., 0]):
                raise InputError(
                    f"{path}: channel {spec.channelnames[k]} holds 32-bit integers that float pixels cannot "
                    "keep exactly (at most 24 bits); take the channel out or store it as float"
                )
    else:
        raise InputError(f"{path}: samples of {', '.join(sorted(set(formats)))} are not supported")

    metadata = dict(_attributes(spec))
    if EXR_STRAIGHT in metadata:
        metadata["oiio:UnassociatedAlpha"] = metadata.pop(EXR_STRAIGHT)
    if parts > 1:
        metadata[PART] = index
    if spec.tile_width:
        metadata[TILES] = (spec.tile_width, spec.tile_height)
    return Frame(
        pixels.transpose(2, 0, 1),
        _channel_names(spec, file.format_name()),
        Box(spec.x, spec.y, spec.x + spec.width, spec.y + spec.height),
        Box(spec.full_x, spec.full_y, spec.full_x + spec.full_width, spec.full_y + spec.full_height),
        depths,
        pixel_aspect=spec.get_float_attribute("PixelAspectRatio", 1.0) or 1.0,
        number=number,
        metadata=metadata,
    )


def _channel_names(spec: Any, kind: str) -> tuple[str, ...]:
    """The names of the channels; formats without names of their own give grey with alpha as "R" and "G"."""
    names = tuple(spec.channelnames)
    if names == ("R", "G") and kind != "openexr":
        return ("Y", "A") if spec.alpha_channel == 1 else ("Y", "channel1")
    return names


def _attributes(spec: Any) -> Iterator[tuple[str, Any]]:
    for attribute in spec.extra_attribs:
        if attribute.name in _OF_THIS_FILE or attribute.name.startswith("thumbnail_"):
            continue
        kind, value = str(attribute.type), attribute.value
        name = (
            attribute.name.replace(DPX_IN_EXR, DPX, 1)
            if attribute.name.startswith(DPX_IN_EXR)
            else attribute.name
        )
        if isinstance(value, (list, tuple, np.ndarray, bytes)):
            yield name, Typed(kind, tuple(v.item() if hasattr(v, "item") else v for v in value))
        else:
            yield name, _SCALARS[kind](value) if kind in _SCALARS else value


def _codes32(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return np.rint(values.astype(np.float64) * (2.0**32 - 1))


def write_image(
    path: Path,
    frame: Frame,
    *,
    attributes: Mapping[str, str],
    depth: str | None = None,
    warn: Warn,
    on: Path | None = None,
) -> None:
    """Write a frame and its parts to `path`, in the format that its extension stands for.

    depth: one of DEPTHS, instead of the frame's own.
    attributes: text attributes to add; the frame's own under the same first word ("interneg:") are dropped.
    warn: called with a kind and a sentence for values that the depth cannot hold: outside 0..1 (clipped to
        it) or NaN (stored as 0) in integers, finite but beyond 65504 in half (stored as 65504); and for
        unassociated alpha in EXR, which is written as it came.
    on: the name that errors speak of, where `path` is a temporary one.
    Parts go to EXR (as parts) and TIFF (as pages). EXR and TIFF keep tiles, but of a mipmap only the picture.
    No time of writing is added to EXR and TIFF.
    Raises OutputError for channels, parts or windows that the format cannot hold, and where writing fails.
    """
    shown = on or path
    kind = image_format(path)
    if kind is None:
        raise OutputError(f"{shown}: '{path.suffix}' is no image type known here")
    parts = sorted((frame, *frame.parts), key=lambda f: int(f.metadata.get(PART, len(frame.parts))))
    if len(parts) > 1 and kind.name not in ("openexr", "tiff"):
        raise OutputError(
            f"{shown}: {kind.label} holds one picture, the frame has {len(parts)} parts; write EXR"
        )
    made = [_spec(kind, shown, part, depth, attributes if part is frame else {}) for part in parts]
    out = oiio.ImageOutput.create(f"x{path.suffix}")
    if out is None:
        raise OutputError(f"{shown}: OpenImageIO cannot write {kind.label}: {oiio.geterror()}")

    def check(done: bool) -> None:
        if not done:
            reason = out.geterror() or oiio.geterror() or "no reason given"
            raise OutputError(f"{shown}: {_unwritten(path, shown, reason, 'the file could not be written')}")

    specs = [spec for spec, _, _ in made]
    if kind.name == "jpeg":
        _reserve(path, specs[0].image_bytes() + 2**20)
    try:
        multipart = len(specs) > 1 and kind.name == "openexr"
        check(out.open(str(path), tuple(specs)) if multipart else out.open(str(path), specs[0]))
        for k, (part, (spec, channels, stored)) in enumerate(zip(parts, made, strict=True)):
            if k:
                check(out.open(str(path), spec, "AppendSubimage"))
            check(out.write_image(_samples(part, channels, stored, kind, warn)))
    finally:
        closed = out.close()
    check(closed)
    if kind.name == "dpx":
        _name_dpx(path, shown)
    # On a full disk some writers lose the end without a word.
    try:
        lost = damaged_end(path)
    except InputError as e:
        lost = str(e)
    if lost is not None:
        raise OutputError(f"{shown}: {_unwritten(path, shown, lost, 'the end of the file is not there')}")
    if kind.name == "openexr" and "A" in frame.channels and frame.metadata.get("oiio:UnassociatedAlpha", 0):
        warn(
            "alpha",
            "alpha stays unassociated, as the source had it; multiply colour by it before compositing",
        )


def _name_dpx(path: Path, shown: Path) -> None:
    """Put the final name into the header's field for it, where OpenImageIO put the temporary one.

    The field is 100 bytes at offset 36 of the file (SMPTE ST 268-1, generic file information).
    """
    with open(path, "r+b") as f:
        f.seek(36)
        f.write(os.fsencode(shown.name)[:99].ljust(100, b"\0"))


def _unwritten(path: Path, shown: Path, reason: str, what: str) -> str:
    """Why a file could not be written: OpenImageIO's reasons have no word on the disk, and name `path`."""
    full = any(word in reason for word in ("ENOSPC", "No space left", "EDQUOT", "quota"))
    disk = shutil.disk_usage(path.parent)
    if full or (disk.total and disk.free < FULL):
        return f"the disk is full or its quota used up ({what})"
    return f"{what}: {reason.replace(str(path), str(shown)).replace(path.name, shown.name)}"


def damaged_end(path: Path) -> str | None:
    """What is wrong with the first or last rows of a part (of PNG and JPEG: with the file's last bytes).

    None where all is well, and for deep parts, which are not looked at. Raises InputError and OSError for
    files without a header.
    """
    kind = image_format(path)
    with _opened(path) as (file, specs):
        if kind is not None and kind.name in ("png", "jpeg"):
            with open(path, "rb") as f:
                f.seek(max(0, f.seek(0, os.SEEK_END) - 12))
                end = f.read()
            whole = end.endswith(b"\xff\xd9") if kind.name == "jpeg" else end[4:8] == b"IEND"
            return None if whole else "its last bytes are missing"
        for part, spec in enumerate(specs):
            if not spec.deep and not _ends(file, part, spec):
                return str(file.geterror() or "no reason given")
    return None


def _ends(file: Any, part: int, spec: Any) -> bool:
    """Whether the first and last rows (of tiles, where there are tiles) can be read."""
    height = spec.tile_height or 1
    bottom = spec.y + spec.height
    for y in {spec.y, spec.y + (spec.height - 1) // height * height}:
        end = min(y + height, bottom)
        if spec.tile_width:
            columns = (spec.x, spec.x + spec.width)
            got = file.read_tiles(
                part, 0, *columns, y, end, spec.z, spec.z + 1, 0, spec.nchannels, oiio.FLOAT
            )
        else:
            got = file.read_scanlines(part, 0, y, end, spec.z, 0, spec.nchannels, oiio.FLOAT)
        if got is None or file.has_error:
            return False
    return True


def _reserve(path: Path, size: int) -> None:
    """Prove that the disk has room: libjpeg ends the whole process when it has not. Raises OSError."""
    with open(path, "wb") as f:
        f.write(bytes(size))
        f.flush()
        os.fsync(f.fileno())


def _spec(
    kind: ImageFormat, shown: Path, frame: Frame, depth: str | None, attributes: Mapping[str, str]
) -> tuple[Any, tuple[int, ...], tuple[str, ...]]:
    """The file's header for one part, the planes in the file's order, and how each is stored."""
    channels = _channel_order(kind, shown, frame)
    stored = tuple(_stored(kind, shown, depth or frame.depth[c]) for c in channels)
    if kind.name != "openexr":
        order = ("uint8", "uint10", "uint12", "uint16", "float")
        stored = (max(stored, key=order.index),) * len(channels)
    spec = oiio.ImageSpec(frame.width, frame.height, len(channels), _file_type(stored[0]))
    spec.channelnames = tuple(frame.channels[c] for c in channels)
    if len(set(stored)) > 1:
        spec.channelformats = tuple(oiio.TypeDesc(_file_type(s)) for s in stored)
    spec.alpha_channel = spec.channelnames.index("A") if "A" in spec.channelnames else -1
    data, display = frame.data_window, frame.display_window
    if data != display and kind.name != "openexr":
        fits = kind.name in ("dpx", "tiff") and min(data.x0, data.y0) >= 0 and display[:2] == (0, 0)
        if not fits or (kind.name == "tiff" and frame.pixel_aspect != 1):
            raise OutputError(
                f"{shown}: {kind.label} cannot hold the data window {tuple(data)} in the format "
                f"{tuple(display)}; write EXR, or crop the picture first"
            )
    spec.x, spec.y = data.x0, data.y0
    spec.full_x, spec.full_y = display.x0, display.y0
    spec.full_width, spec.full_height = display.width, display.height

    family = {name.partition(":")[0] + ":" for name in attributes}
    for name, value in (*_rate(kind, frame.metadata), *frame.metadata.items()):
        if (
            name in (PART, TILES, *_MIPMAP)
            or (name.partition(":")[0] + ":" in family)
            or name in _OF_THIS_FILE
        ):
            continue
        if name in _OF_ONE_FORMAT and not _fits(kind, name, value):
            continue
        _set(spec, name, value, exr=kind.name == "openexr")
    if kind.name in ("openexr", "tiff"):
        spec.tile_width, spec.tile_height = frame.metadata.get(TILES, (0, 0))
        if "DateTime" not in frame.metadata:
            spec.attribute("DateTime", "")  # else OpenImageIO adds the time of writing
    if frame.pixel_aspect != 1:
        spec.attribute("PixelAspectRatio", float(frame.pixel_aspect))
    level = frame.metadata.get("openexr:dwaCompressionLevel")
    if level is not None and spec.get_string_attribute("compression") in ("dwaa", "dwab"):
        spec.attribute("compression", f"{spec.get_string_attribute('compression')}:{level:g}")
    if stored[0] in _BITS:
        spec.attribute("oiio:BitsPerSample", _BITS[stored[0]])
    if kind.name == "jpeg":
        spec.attribute("compression", f"jpeg:{JPEG_QUALITY}")
        spec.attribute("jpeg:subsampling", "4:4:4")
    if kind.name == "openexr" and "A" in spec.channelnames and _straight(kind, frame):
        spec.attribute(EXR_STRAIGHT, 1)
    elif kind.name != "openexr" and "A" in spec.channelnames:
        spec.attribute("oiio:UnassociatedAlpha", int(_straight(kind, frame)))
    for name, text in attributes.items():
        spec.attribute(name, text)
    return spec, channels, stored


def _fits(kind: ImageFormat, name: str, value: Any) -> bool:
    compressions = {
        "openexr": ("none", "rle", "zip", "zips", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab", "htj2k"),
        "tiff": ("none", "lzw", "zip", "packbits"),
    }
    return name == "compression" and str(value).partition(":")[0] in compressions.get(kind.name, ())


def _channel_order(kind: ImageFormat, shown: Path, frame: Frame) -> tuple[int, ...]:
    """The planes in the order that the format wants."""
    names = frame.channels
    if kind.name == "openexr":
        return tuple(range(len(names)))
    orders = {"jpeg": ("RGB", "Y"), "dpx": ("RGBA", "RGB", "Y")}.get(kind.name, ("RGBA", "RGB", "YA", "Y"))
    for order in orders:
        if set(names) == set(order):
            return tuple(names.index(n) for n in order)
    first = next((o for o in orders if set(o) <= set(names)), "")
    numbered = tuple(first) + tuple(f"channel{k}" for k in range(len(first), len(names)))
    if kind.name == "tiff" and names == numbered:
        return tuple(range(len(names)))
    lost = ", ".join(n for n in names if n not in first)
    raise OutputError(
        f"{shown}: {kind.label} cannot hold channel{'s' * (',' in lost)} {lost}; it holds "
        f"{' or '.join(orders)}. Write EXR, or take the channels out first"
    )


def _stored(kind: ImageFormat, shown: Path, depth: str) -> str:
    if depth not in kind.depths:
        raise OutputError(
            f"{shown}: {kind.label} cannot hold {depth} samples; it holds {sorted(set(kind.depths))}"
        )
    return kind.depths[depth]


def _file_type(stored: str) -> str:
    return _TYPES.get(stored) or ("uint8" if stored == "uint8" else "uint16")


def _straight(kind: ImageFormat, frame: Frame) -> bool:
    """Whether the alpha that goes to the file is unassociated: PNG knows no other."""
    return kind.name == "png" or bool(frame.metadata.get("oiio:UnassociatedAlpha", 0))


def _rate(kind: ImageFormat, metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The frame rate as the format has it, where the frame has it as another does."""
    rate = rate_in(metadata)
    if rate and kind.name == "openexr":
        yield "FramesPerSecond", Typed("rational", (rate.numerator, rate.denominator))
    if rate and kind.name == "dpx" and "dpx:FrameRate" not in metadata:
        yield "dpx:FrameRate", float(rate)


def _set(spec: Any, name: str, value: Any, *, exr: bool) -> None:
    if exr and name.startswith(DPX):
        name = name.replace(DPX, DPX_IN_EXR, 1)
    base = value.type.partition("[")[0] if isinstance(value, Typed) else ""
    if base in ("uint8", "int8", "uint16", "int16"):
        spec.attribute(name, _type_desc(value.type), np.array(value, base))
    elif isinstance(value, Typed):
        spec.attribute(name, _type_desc(value.type), tuple(value))
    elif isinstance(value, np.generic) and exr:
        # OpenEXR has no such scalars: OpenImageIO would drop doubles and wrap large integers
        plain = value.item()
        fits = isinstance(plain, float) or -(2**31) <= plain < 2**31
        spec.attribute(name, plain if fits else str(plain))
    elif isinstance(value, np.generic):
        kind = next((k for k, t in _SCALARS.items() if isinstance(value, t)), None)
        spec.attribute(name, oiio.TypeDesc(kind), value.item()) if kind else spec.attribute(
            name, value.item()
        )
    elif isinstance(value, (str, int, float)):
        spec.attribute(name, value)
    elif isinstance(value, (tuple, list)) and all(isinstance(v, (int, float)) for v in value):
        kind = "int" if all(isinstance(v, int) for v in value) else "float"
        spec.attribute(name, oiio.TypeDesc(f"{kind}[{len(value)}]"), tuple(value))
    else:
        raise OutputError(f"the attribute {name} is a {type(value).__name__}, which no image file can hold")


def _type_desc(name: str) -> Any:
    base, _, count = name.partition("[")
    if base == "vector2i":  # OpenImageIO prints the type of an integer pair or box but does not parse it
        return oiio.TypeDesc(oiio.INT, oiio.VEC2, oiio.VECTOR, int(count.rstrip("]") or 0))
    return oiio.TypeDesc(name)


def _samples(
    frame: Frame,
    channels: tuple[int, ...],
    stored: tuple[str, ...],
    kind: ImageFormat,
    warn: Warn,
) -> npt.NDArray[Any]:
    """The interleaved samples (H, W, C) as OpenImageIO takes them, without a copy where memory allows."""
    planes = frame.pixels if channels == tuple(range(len(channels))) else frame.pixels[list(channels)]
    pixels = planes.transpose(1, 2, 0)
    if kind.name == "png" and "A" in frame.channels and not frame.metadata.get("oiio:UnassociatedAlpha", 0):
        pixels = unassociated(pixels, warn)
    if stored[0] in _BITS:
        bits = _BITS[stored[0]]
        codes = integers(np.multiply(pixels, np.float32(2**bits - 1), order="C"), bits, warn)
        # OpenImageIO takes 10 and 12 bits as the upper ones of 16
        if bits in (10, 12):
            codes = codes << (16 - bits) | codes >> (2 * bits - 16)
        return codes
    if set(stored) == {"half"}:
        return to_half(pixels, warn)
    if "half" in stored:
        halves = [k for k, s in enumerate(stored) if s == "half"]
        pixels = pixels.copy()
        pixels[..., halves] = to_half(pixels[..., halves], warn)
    return np.ascontiguousarray(pixels)
