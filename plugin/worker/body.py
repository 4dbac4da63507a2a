"""Bodies of messages: JSON, in which names of files that are not UTF-8 keep their bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from interneg.texts import raw

__all__ = ["from_json", "to_json"]


def from_json(body: bytes, decoder: msgspec.json.Decoder[Any]) -> Any:
    """Read a body as the decoder's type. Raises ValueError (msgspec.DecodeError), RecursionError."""
    try:
        body.decode()
    except UnicodeDecodeError:  # which msgspec does not read
        found = json.loads(body.decode("utf-8", "surrogateescape"), parse_constant=_refuse)
        raw(json.dumps(found, ensure_ascii=False))  # refuses other surrogates, written as "\\ud800"
        return msgspec.convert(found, decoder.type)
    return decoder.decode(body)


def _refuse(number: str) -> None:
    raise ValueError(f"{number} is no JSON")


def to_json(body: Any) -> bytes:
    """A body of what JSON can hold, or of a Struct."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        return raw(json.dumps(msgspec.to_builtins(body), ensure_ascii=False))
