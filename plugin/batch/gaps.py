"""Frames of a clip that are missing or damaged: found, and told or refused, before any is read whole."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from interneg.errors import InputError
from interneg.io import Clip, format_frames
from interneg.io.damage import damage

log = logging.getLogger("interneg")

Missing = Literal["error", "hold", "skip"]

_ADVICE = ". Supply them, or use --missing hold or --missing skip"
"""What helps where not every frame has to be there."""

_THREADS = 4
"""Files looked at at once."""


def require(
    clip: Clip,
    name: str,
    numbers: Iterable[int],
    missing: Missing = "error",
    advice: str | None = None,
    *,
    look: bool = True,
) -> None:
    """Check that the frames are there, by the rule for those that are not: stop, or only say so.

    look: whether to look into the files for damage. Raises InputError naming all that are missing, else all
    that are seen to be damaged before any is read whole.
    """
    wanted = sorted(set(numbers))
    advice = advice_for(clip) if advice is None else advice
    if gaps := sorted(set(wanted) - set(clip.numbers)):
        sentence = f"{name}: {len(gaps)} frame{'s' * (len(gaps) > 1)} missing: {format_frames(gaps)}"
        if missing == "error":
            raise InputError(f"{sentence}; there are {format_frames(clip.numbers)}{advice}")
        log.warning("%s (%s)", sentence, "the frame before is held" if missing == "hold" else "left out")
    if look and missing == "error" and (found := damaged(clip, wanted)):
        raise unreadable(name, found, advice)


def damaged(clip: Clip, numbers: Iterable[int]) -> dict[int, str]:
    """The image files among these frames that are seen to be damaged without decoding them, and why."""
    if clip.is_movie:
        return {}
    paths = {n: path for n in numbers if (path := clip.path_of(n)) is not None}
    with ThreadPoolExecutor(_THREADS) as pool:
        found = zip(paths, pool.map(damage, paths.values()), strict=True)
        return {n: reason for n, reason in found if reason is not None}


def advice_for(clip: Clip) -> str:
    """What helps: nothing can stand in for the only frame."""
    return _ADVICE if len(clip.numbers) > 1 else ""


def unreadable(name: str, reasons: dict[int, str], advice: str) -> InputError:
    """The error for frames that cannot be read, by number and reason."""
    first = min(reasons)
    if len(reasons) == 1:
        return InputError(f"frame {first} cannot be read: {reasons[first]}{advice}")
    return InputError(
        f"{name}: {len(reasons)} frames cannot be read: {format_frames(reasons)}; the first: "
        f"{reasons[first]}{advice}"
    )
