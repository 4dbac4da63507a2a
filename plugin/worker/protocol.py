"""The messages between host and worker, as docs/developers/worker.md has them: a header, and a body of JSON.

What comes in is checked here, whole, before anything is done with it.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from interneg.errors import (
    EngineError,
    GpuMemoryError,
    HostMemoryError,
    InputError,
    InternegError,
    OutputError,
    UsageError,
)
from interneg.plugin.worker.body import from_json, to_json

VERSION = 1
MOST_BYTES = 2**20
MOST_DESCRIPTORS = 128
HEADER = struct.Struct("<4sHHII")

_MAGIC = b"INTG"


class Malformed(Exception):
    """A message that cannot be understood; ends its connection. code: what `failed` says."""

    def __init__(self, message: str, code: str = "protocol") -> None:
        super().__init__(message)
        self.code = code


class Kind(IntEnum):
    """What a message is."""

    HELLO = 1
    RENDER = 2
    ACTION = 3
    STATUS = 4
    STOP = 5
    SPACES = 6
    WELCOME = 64
    WORKING = 65
    DONE = 66
    FAILED = 67


class Header(NamedTuple):
    """What stands before a body: its kind, its bytes, and the descriptors that came along."""

    kind: Kind
    length: int
    descriptors: int


_Size = Annotated[int, Meta(ge=1, le=2**16)]
_Whole = Annotated[int, Meta(ge=-(2**31), lt=2**31)]
_Index = Annotated[int, Meta(ge=0, lt=MOST_DESCRIPTORS)]
_Text = Annotated[str, Meta(max_length=4096)]
_Digest = Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]


class Hello(Struct, frozen=True):
    """The first message of every connection."""

    client: Annotated[str, Meta(max_length=200)]


class Image(Struct, frozen=True):
    """One picture in shared memory: rows from top to bottom, pixels interleaved, float32, no padding."""

    width: _Size
    height: _Size
    channels: Literal["RGBA", "RGB", "A"]
    x: _Whole
    y: _Whole

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.width * self.height * len(self.channels) * 4


class Shown(Struct, frozen=True):
    """A frame of the clip: its number, the index of its image, the digest of that or an empty text."""

    number: _Whole
    image: _Index
    digest: _Digest


class Request(Struct, frozen=True, kw_only=True):
    """What `render` and `action` have in common."""

    node: _Text
    knobs: dict[_Text, bool | int | float | str | list[int]]
    time: _Whole
    first: _Whole
    last: _Whole
    space: _Text
    premultiplied: bool
    aspect: Annotated[float, Meta(gt=0)]
    format: tuple[_Size, _Size]
    images: Annotated[list[Image], Meta(min_length=1, max_length=MOST_DESCRIPTORS)]
    frames: Annotated[list[Shown], Meta(min_length=1, max_length=MOST_DESCRIPTORS)]
    mask: _Index | None
    reference: _Index | None
    fit: bool
    matte: _Index | None = None
    references: Annotated[list[Shown], Meta(max_length=MOST_DESCRIPTORS)] = []
    config: _Text | None = None
    alone: bool = False

    def __post_init__(self) -> None:
        numbers = [shown.number for shown in self.frames]
        if self.time not in numbers:
            raise ValueError(f"the frame at the time {self.time} is not among the frames")
        if len(set(numbers)) != len(numbers):
            raise ValueError("two frames have the same number")
        if self.first > self.last:
            raise ValueError(f"the clip's range is empty: {self.first} to {self.last}")
        if max(self._used()) >= len(self.images):
            raise ValueError(f"there are {len(self.images)} images, not {max(self._used()) + 1}")

    @property
    def now(self) -> Image:
        """The image of the frame at the request's time."""
        return self.images[next(shown.image for shown in self.frames if shown.number == self.time)]

    def _used(self) -> list[int]:
        return [
            *(shown.image for shown in (*self.frames, *self.references)),
            *(i for i in (self.mask, self.reference, self.matte) if i is not None),
        ]


class Render(Request, frozen=True, kw_only=True):
    """A frame to be rendered into the image `output`."""

    output: _Index

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output in self._used():
            raise ValueError("the output is an input too")
        if self.output >= len(self.images):
            raise ValueError(f"there are {len(self.images)} images, not {self.output + 1}")
        if self.target.channels != self.now.channels:
            raise ValueError(f"the output has {self.target.channels}, the frame {self.now.channels}")

    @property
    def target(self) -> Image:
        """The image to be written."""
        return self.images[self.output]


class Action(Request, frozen=True, kw_only=True):
    """A button of the node, pressed. shot: of a button that looks at every frame, the name of this look."""

    action: _Text
    output: None
    shot: _Text | None = None


class SpaceQuery(Struct, frozen=True):
    """A question for the colour spaces of a configuration, None or empty for the worker's own $OCIO."""

    config: _Text | None = None


class Empty(Struct, frozen=True):
    """A message that says all by its kind."""


Message = Hello | Render | Action | SpaceQuery | Empty

_REQUESTS: dict[Kind, msgspec.json.Decoder[Any]] = {
    Kind.HELLO: msgspec.json.Decoder(Hello),
    Kind.RENDER: msgspec.json.Decoder(Render),
    Kind.ACTION: msgspec.json.Decoder(Action),
    Kind.STATUS: msgspec.json.Decoder(Empty),
    Kind.STOP: msgspec.json.Decoder(Empty),
    Kind.SPACES: msgspec.json.Decoder(SpaceQuery),
}

_CODES: tuple[tuple[str, type[InternegError]], ...] = (
    ("usage", UsageError),
    ("input", InputError),
    ("gpu-memory", GpuMemoryError),
    ("engine", EngineError),
    ("output", OutputError),
    ("memory", HostMemoryError),
)


def parse_header(data: bytes) -> Header:
    """Read a header of 16 bytes. Raises Malformed."""
    magic, version, kind, length, descriptors = HEADER.unpack(data)
    if magic != _MAGIC:
        raise Malformed(f"a message starts with {_MAGIC!r}, not with {magic!r}")
    if version != VERSION:
        raise Malformed(
            f"this worker speaks version {VERSION} of the protocol, not {version}: install plugin and worker "
            "of the same release (`interneg install`)",
            "version",
        )
    try:
        known = Kind(kind)
    except ValueError:
        raise Malformed(f"there is no message of kind {kind}") from None
    if length > MOST_BYTES:
        raise Malformed(f"a body has at most {MOST_BYTES} bytes, not {length}")
    if descriptors > MOST_DESCRIPTORS:
        raise Malformed(f"at most {MOST_DESCRIPTORS} descriptors come with a message, not {descriptors}")
    return Header(known, length, descriptors)


def parse_request(header: Header, body: bytes) -> Message:
    """Read the body of a message to the worker. Raises Malformed."""
    decoder = _REQUESTS.get(header.kind)
    if decoder is None:
        raise Malformed(f"{header.kind.name.lower()} is an answer of the worker's, not a request")
    try:
        request: Message = from_json(body, decoder)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{header.kind.name.lower()} cannot be read: {error}") from None
    needed = len(request.images) if isinstance(request, Request) else 0
    if header.descriptors != needed:
        raise Malformed(f"{needed} images need as many descriptors, not {header.descriptors}")
    return request


def packed(kind: Kind, body: Any, descriptors: int = 0) -> bytes:
    """A whole message. body: what JSON can hold, or a Struct."""
    text = to_json(body)
    return HEADER.pack(_MAGIC, VERSION, kind, len(text), descriptors) + text


def code_of(error: InternegError) -> str:
    """The code by which `failed` names an exception."""
    return next((code for code, kind in _CODES if isinstance(error, kind)), "internal")


def error_of(code: str, message: str) -> InternegError:
    """The exception that a `failed` stands for."""
    return dict(_CODES).get(code, InternegError)(message)
