"""The part of a JPEG's structure by which its end is found (ITU-T T.81, annex B)."""

from __future__ import annotations

__all__ = ["scan_start"]

_SCAN = 0xDA
"""The marker of a start of scan."""


def scan_start(content: bytes) -> int:
    """Where the first scan begins in a JPEG's bytes; its length where there is none.

    The segments before may hold whole JPEGs, as thumbnails, with ends of their own.
    """
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == _SCAN:
            return at
        # A marker may have any number of bytes FF before it.
        at += 1 if marker == 0xFF else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return len(content)
