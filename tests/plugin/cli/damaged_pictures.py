"""Damaged pictures, made by a seeded mutator: what a disk, a network or a bad writer leaves of a file."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import OpenImageIO as oiio

KINDS = (
    *(f"exr {c}" for c in ("none", "rle", "zip", "piz", "pxr24", "b44", "dwaa", "htj2k32", "zstd", "tiles")),
    *("exr parts", "exr layers"),
    *("dpx 8", "dpx 10", "dpx 12", "dpx 16"),
    *("png 8", "png 16"),
    *("tif none", "tif lzw", "tif zip", "tif packbits", "tif tiles", "tif float"),
    *("jpg 4:4:4", "jpg 4:2:0"),
)
"""What whole files there are: a format, and what is particular about one."""

_NUMBERS = (0, 1, -1, 2, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, -0x80000000, 65537, 1 << 20, 1 << 28)
"""Counts, sizes and offsets that programs trip over."""


class Mutant(NamedTuple):
    """A damaged file: what it was made of, what was done to it, and its bytes."""

    kind: str
    damage: str
    content: bytes

    @property
    def suffix(self) -> str:
        """The extension, with its dot."""
        return f".{self.kind.split()[0]}"


def whole(kind: str, folder: Path) -> bytes:
    """The bytes of a whole file of a kind: a small picture with structure, grain and metadata."""
    suffix, what = kind.split()
    y, x = np.mgrid[:40, :56]
    drawn = np.stack([x / 60, y / 44, (x // 8 + y // 8) % 2 * 0.6 + 0.2], -1)
    picture = (drawn + np.random.default_rng(1).normal(0, 0.01, drawn.shape)).astype(np.float32)
    kinds = {"exr": "half", "dpx": "uint16", "png": "uint16", "tif": "uint8", "jpg": "uint8"}
    spec = oiio.ImageSpec(56, 40, 3, "float" if what == "float" else kinds[suffix])
    spec["DateTime"] = "2020:02:02 20:20:20"
    spec["owner"] = "somebody"
    if suffix in ("exr", "tif"):
        spec["compression"] = "zip" if what in ("tiles", "parts", "layers", "float") else what
    if suffix == "jpg":
        spec["jpeg:subsampling"] = what
    if suffix in ("dpx", "png"):
        spec["oiio:BitsPerSample"] = int(what)
        spec.set_format("uint8" if what == "8" else "uint16")
    if what == "tiles":
        spec.tile_width = spec.tile_height = 16
    if what == "layers":
        spec.nchannels = 5
        spec.channelnames = ("R", "G", "B", "A", "depth.Z")
        picture = np.concatenate([picture, np.ones_like(picture[..., :1]), picture[..., :1] * 1000], -1)
    specs, pictures = [spec], [picture]
    if what == "parts":
        specs.append(oiio.ImageSpec(56, 40, 1, "float"))
        pictures.append(picture[..., :1])
        for part, name in zip(specs, ("main", "matte"), strict=True):
            part["name"], part["DateTime"] = name, spec["DateTime"]
    path = folder / f"whole.{suffix}"
    out = oiio.ImageOutput.create(str(path))
    assert out
    assert out.open(str(path), tuple(specs)), out.geterror()
    for k, pixels in enumerate(pictures):
        assert k == 0 or out.open(str(path), specs[k], "AppendSubimage"), out.geterror()
        assert out.write_image(np.ascontiguousarray(pixels)), out.geterror()
    assert out.close(), out.geterror()
    return path.read_bytes()


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _cut_a_little(data: bytearray, dice: random.Random) -> None:
    del data[-dice.randint(1, 64) :]


def _flip_bits(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 4, 32))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _flip_bits_of_the_head(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 2, 8))):
        data[dice.randrange(min(len(data), 400))] ^= 1 << dice.randrange(8)


def _wrong_number(data: bytearray, dice: random.Random) -> None:
    """A number of 16, 32 or 64 bits, mostly among the first bytes."""
    for _ in range(dice.choice((1, 1, 2))):
        width = dice.choice((2, 4, 4, 8))
        end = dice.choice((400, 400, 2048, len(data)))
        at = dice.randrange(max(1, min(end, len(data) - width)))
        big = (dice.choice(_NUMBERS) % (1 << 8 * width)).to_bytes(width, "big")
        data[at : at + width] = big if dice.random() < 0.5 else big[::-1]


def _empty_block(data: bytearray, dice: random.Random) -> None:
    """A block of a disk that was never written."""
    at = dice.randrange(len(data))
    size = dice.choice((16, 512, 4096))
    data[at : at + size] = bytes(len(data[at : at + size]))


def _lost_bytes(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.randint(1, 300)]


def _doubled_bytes(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = data[at : at + dice.randint(1, 300)]


def _noise(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    size = min(dice.randint(1, 200), len(data) - at)
    data[at : at + size] = dice.randbytes(size)


def _wrong_field(data: bytearray, dice: random.Random) -> None:
    """A number that the format gives a meaning to."""
    fields = next(f for start, f in _FIELDS.items() if data.startswith(start))
    at, layout = dice.choice(fields(bytes(data)))
    width = struct.calcsize(layout)
    data[at : at + width] = struct.pack(layout, dice.choice(_NUMBERS) % (1 << 8 * width))


def _exr_fields(data: bytes) -> list[tuple[int, str]]:
    """The lengths and values of the attributes that say how the pixels lie."""
    found = [(4, "<I")]
    for name in (
        *(b"dataWindow\0box2i\0", b"displayWindow\0box2i\0", b"channels\0chlist\0", b"tiles\0tiledesc\0"),
        *(b"compression\0compression\0", b"lineOrder\0lineOrder\0", b"chunkCount\0int\0"),
        b"pixelAspectRatio\0float\0",
    ):
        at = data.find(name)
        if at >= 0:
            found += [(at + len(name) + k, "<I") for k in range(0, 20, 4)]
    return found


def _dpx_fields(data: bytes) -> list[tuple[int, str]]:
    """Offset of the picture, size of the file, and the image information up to the element's padding."""
    return [
        *((at, "<I") for at in (4, 16, 772, 776, 780, 808, 812, 816)),
        *((at, "<H") for at in (768, 770, 804, 806)),
        *((at, "B") for at in (800, 801, 802, 803)),
    ]


def _png_fields(data: bytes) -> list[tuple[int, str]]:
    """The header, and the length and type of each chunk."""
    found = [(16, ">I"), (20, ">I"), *((at, "B") for at in range(24, 29))]
    at = 8
    while at + 8 < len(data):
        found += [(at, ">I"), (at + 4, ">I")]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return found


def _tiff_fields(data: bytes) -> list[tuple[int, str]]:
    """The tag, type, count and value of each entry of the first directory."""
    start = int.from_bytes(data[4:8], "little")
    entries = (start + 2 + 12 * k for k in range(int.from_bytes(data[start : start + 2], "little")))
    parts = ((0, "<H"), (2, "<H"), (4, "<I"), (8, "<I"))
    return [(4, "<I"), *((entry + at, layout) for entry in entries for at, layout in parts)]


def _jpeg_fields(data: bytes) -> list[tuple[int, str]]:
    """The marker, length and first numbers of each segment before the scan."""
    found, at = [(4, ">H")], 2
    while data[at + 1] != 0xDA:
        found += [(at + 1, "B"), (at + 2, ">H"), (at + 5, ">H"), (at + 7, ">H"), (at + 9, "B")]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


_FIELDS: dict[bytes, Callable[[bytes], list[tuple[int, str]]]] = {
    b"\x76\x2f\x31\x01": _exr_fields,
    b"XPDS": _dpx_fields,
    b"\x89PNG": _png_fields,
    b"II*\0": _tiff_fields,
    b"\xff\xd8": _jpeg_fields,
}

_WAYS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(
        _cut,
        _cut_a_little,
        _flip_bits,
        _flip_bits_of_the_head,
        _empty_block,
        _lost_bytes,
        _doubled_bytes,
        _noise,
    ),
    *(_wrong_number, _wrong_number, _wrong_field, _wrong_field),
)


def mutants(count: int, folder: Path, seed: int = 18) -> Iterator[Mutant]:
    """So many damaged files, the same ones for the same seed, of each kind in turn."""
    originals = {kind: whole(kind, folder) for kind in KINDS}
    for k in range(count):
        dice = random.Random(f"{seed}.{k}")
        kind, way = KINDS[k % len(KINDS)], dice.choice(_WAYS)
        data = bytearray(originals[kind])
        way(data, dice)
        yield Mutant(kind, way.__name__.strip("_").replace("_", " "), bytes(data))
