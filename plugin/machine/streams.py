"""Standard output and error that take every text, names of files that are not UTF-8 too."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper

from interneg.texts import is_utf8, raw

__all__ = ["print_anything"]

_RULE = "interneg-as-it-came"


def print_anything() -> None:
    """Print what the terminal's encoding has not in place of ending with UnicodeEncodeError.

    Names of files that are not UTF-8 come out with their own bytes, other signs as "\\u2192".
    """
    codecs.register_error(_RULE, _as_it_came)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_RULE)


def _as_it_came(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    shown = (raw(c) if not is_utf8(c) else c.encode("ascii", "backslashreplace") for c in text)
    return b"".join(shown), error.end
