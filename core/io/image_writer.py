"""Frames to image files: all that a format can hold is written, all that it cannot is an error."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from interneg.errors import InputError, OutputError
from interneg.frame import Frame
from interneg.io.attributes import PART, STRAIGHT
from interneg.io.damage import damaged_end
from interneg.io.formats import ImageFormat, image_format
from interneg.io.image_header import BITS, ImageHeader, header_of, is_straight
from interneg.io.image_reader import lost_attributes, packed_otherwise
from interneg.io.in_memory import made_in_memory
from interneg.io.pixels import Warn, integers, to_half, unassociated
from interneg.texts import error_text

__all__ = ["write_image"]

FULL = 2**20
"""Free bytes below which a disk counts as full."""


def write_image(
    path: Path,
    frame: Frame,
    *,
    attributes: Mapping[str, str],
    depth: str | None = None,
    warn: Warn,
    on: Path | None = None,
    look: bool = False,
) -> None:
    """Write a frame and its parts to `path`, in the format that its extension stands for.

    frame: pixels of any range, in the colour space that the file is to be in; nothing is converted.
    attributes: text attributes to add; the frame's own under the same first word ("interneg:") are dropped.
    depth: one of DEPTHS, instead of the frame's own.
    warn: called with a kind and a sentence for values that the depth cannot hold: outside 0..1 (clipped to
        it) or NaN (stored as 0) in integers, finite but beyond 65504 in half (stored as 65504); and for
        unassociated alpha in EXR, which is written as it came.
    on: the name that errors speak of, where `path` is a temporary one.
    look: whether to call `warn`, too, for attributes and a compression that the file does not hold.
    Parts go to EXR (as parts) and TIFF (as pages). EXR and TIFF keep tiles, but of a mipmap only the picture.
    No time of writing is added to EXR and TIFF.
    Raises OutputError for channels, parts or windows that the format cannot hold, and where writing fails;
    OSError where the system refuses to open the file.
    """
    name = on or path
    kind = image_format(path)
    if kind is None:
        raise OutputError(f"{name}: '{path.suffix}' is no image type known here")
    parts = sorted((frame, *frame.parts), key=lambda f: int(f.metadata.get(PART, len(frame.parts))))
    if len(parts) > 1 and kind.parts == "none":
        raise OutputError(
            f"{name}: {kind.label} holds one picture, the frame has {len(parts)} parts; write EXR"
        )
    headers = [header_of(part, kind, name, depth, attributes if part is frame else {}) for part in parts]
    if kind.needs_room:
        _prove_room(path, headers[0].spec.image_bytes() + 2**20)
    with made_in_memory(path) as file:
        _write_parts(path, file, kind, name, parts, headers, warn)
        # On a full disk some writers lose the end without a word.
        try:
            lost = damaged_end(path, file)
        except InputError as e:
            lost = str(e)
        if lost is not None:
            raise OutputError(f"{name}: {_unwritten(path, name, lost, 'the end of the file is not there')}")
        if look:
            _tell_losses(path, file, frame, warn)
    kind.put_file_name(path, name.name)
    if kind.alpha == "multiplied" and "A" in frame.channels and is_straight(kind, frame):
        warn(
            "alpha",
            "alpha stays unassociated, as the source had it; multiply colour by it before compositing",
        )


def _write_parts(
    path: Path,
    file: str,
    kind: ImageFormat,
    name: Path,
    parts: list[Frame],
    headers: list[ImageHeader],
    warn: Warn,
) -> None:
    out = oiio.ImageOutput.create(f"x{path.suffix}")
    if out is None:
        raise OutputError(f"{name}: OpenImageIO cannot write {kind.label}: {error_text(oiio)}")

    def check(done: bool) -> None:
        if not done:
            reason = error_text(out) or error_text(oiio) or "no reason given"
            raise OutputError(f"{name}: {_unwritten(path, name, reason, 'the file could not be written')}")

    specs = [header.spec for header in headers]
    try:
        declared = len(specs) > 1 and kind.parts == "declared"
        check(out.open(file, tuple(specs)) if declared else out.open(file, specs[0]))
        for k, (part, header) in enumerate(zip(parts, headers, strict=True)):
            if k:
                check(out.open(file, header.spec, "AppendSubimage"))
            check(out.write_image(_samples(part, header, kind, warn)))
    finally:
        closed = out.close()
    check(closed)


def _tell_losses(path: Path, file: str, frame: Frame, warn: Warn) -> None:
    """Say what of the frame's facts the file does not hold. file: the name by which it is read."""
    if lost := lost_attributes(path, frame, file):
        more = f" and {len(lost) - 12} more" if len(lost) > 12 else ""
        warn("attributes", f"the file cannot hold the attributes {', '.join(lost[:12])}{more}")
    if packed := packed_otherwise(path, frame, file):
        warn("compression", f"compressed with {packed[1]}, since {packed[0]} cannot be written here")


def _unwritten(path: Path, name: Path, reason: str, what: str) -> str:
    """Why a file could not be written: OpenImageIO's reasons have no word on the disk, and name `path`."""
    full = any(word in reason for word in ("ENOSPC", "No space left", "EDQUOT", "quota"))
    disk = shutil.disk_usage(path.parent)
    if full or (disk.total and disk.free < FULL):
        return f"the disk is full or its quota used up ({what})"
    return f"{what}: {reason.replace(str(path), str(name)).replace(path.name, name.name)}"


def _prove_room(path: Path, size: int) -> None:
    """Prove that the disk has room: libjpeg ends the whole process when it has not. Raises OSError."""
    with open(path, "wb") as f:
        f.write(bytes(size))
        f.flush()
        os.fsync(f.fileno())


def _samples(frame: Frame, header: ImageHeader, kind: ImageFormat, warn: Warn) -> npt.NDArray[Any]:
    """The interleaved samples (H, W, C) as OpenImageIO takes them, without a copy where memory allows."""
    channels, stored = header.channels, header.stored
    planes = frame.pixels if channels == tuple(range(len(channels))) else frame.pixels[list(channels)]
    pixels = planes.transpose(1, 2, 0)
    if kind.alpha == "straight" and "A" in frame.channels and not frame.metadata.get(STRAIGHT, 0):
        pixels = unassociated(pixels, warn)
    if stored[0] in BITS:
        bits = BITS[stored[0]]
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
