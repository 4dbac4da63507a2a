"""What nodes noted of single frames, kept on the disk, so that measuring goes on where it stopped.

A file for each frame and node, written whole or not at all: any number of machines may measure at once, and
two that measure the same frame write the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, get_origin, get_type_hints

import msgspec
import numpy as np

from interneg.node import Node
from interneg.publish import replacing

ENDING = ".msgpack"


class NotedFrame(NamedTuple):
    """What was noted of a frame, and whether a shot starts with it. key: by which it is known again."""

    key: str
    starts: bool
    noted: Any


class NotedFrames:
    """The records of one node, in a folder."""

    def __init__(self, folder: Path, node: type[Node]) -> None:
        """folder: need not be there. node: its `observe` says what a record holds."""
        self.folder = folder
        self._noted = get_type_hints(node.observe)["return"]

    def key(self, number: int) -> str:
        """The key of the record of that frame; "" where there is none that can be read."""
        found = self._read(number)
        return "" if found is None else found[0]

    def record(self, number: int, key: str) -> NotedFrame | None:
        """The record of that frame. None where there is none with this key, or none that can be read."""
        found = self._read(number)
        if found is None or found[0] != key:
            return None
        try:
            noted = msgspec.msgpack.decode(found[2], type=self._noted, dec_hook=_decoded)
        except (msgspec.MsgspecError, ValueError, TypeError, IndexError):
            return None
        return NotedFrame(found[0], found[1], noted)

    def keep(self, number: int, record: NotedFrame) -> None:
        """Write the record of that frame. Raises OutputError."""
        noted = msgspec.msgpack.encode(record.noted, enc_hook=_encoded)
        with replacing(self._path(number)) as temporary:
            temporary.write_bytes(msgspec.msgpack.encode((record.key, record.starts, noted)))

    def _read(self, number: int) -> tuple[str, bool, bytes] | None:
        try:
            content = self._path(number).read_bytes()
            return msgspec.msgpack.decode(content, type=tuple[str, bool, bytes])
        except (OSError, msgspec.MsgspecError):
            return None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}{ENDING}"


def _encoded(value: Any) -> Any:
    """What msgpack does not know, as what it does."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, complex):
        return value.real, value.imag
    raise NotImplementedError(f"a record cannot hold {type(value)}")


def _decoded(kind: Any, value: Any) -> Any:
    """The opposite. Raises ValueError, TypeError where a record was damaged."""
    if (get_origin(kind) or kind) is np.ndarray:
        dtype, shape, content = value
        return np.frombuffer(content, dtype).reshape(shape)
    if kind is complex:
        return complex(*value) if isinstance(value, (list, tuple)) else complex(value)
    raise NotImplementedError(f"a record cannot hold {kind}")
