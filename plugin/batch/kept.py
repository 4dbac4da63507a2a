"""The frames of an output that are there already, and whether they may stay or be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from interneg.errors import OutputError
from interneg.io import Output, format_frames
from interneg.plugin.batch.provenance import KEY

_THREADS = 4
"""Files looked at at once."""


def kept_keys(output: Output, wanted: Sequence[int]) -> dict[int, str]:
    """The provenance keys of the frames that are there. Raises OutputError where other people's files are."""

    def key(number: int) -> str | None:
        made = output.provenance(number)
        return None if made is None else made.get(KEY, "")

    with ThreadPoolExecutor(_THREADS) as pool:
        found = {n: k for n, k in zip(wanted, pool.map(key, wanted), strict=True) if k is not None}
    strangers = [n for n, k in found.items() if not k]
    if strangers:
        files = str(output.path_of(strangers[0])) + (
            "" if len(strangers) == 1 or output.is_movie else " and others"
        )
        raise OutputError(
            f"{files} (frames {format_frames(strangers)}) exist and were not written by interneg, or "
            "changed since; choose another output, remove them, or replace them with --overwrite"
        )
    return found
