"""A render or an analysis as it was asked for, and what of it a clip decides: its frames and cuts."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from interneg.cut_list import cuts_of, parse_cuts
from interneg.errors import InputError
from interneg.io import Clip, format_frames, parse_frames
from interneg.plugin.batch.gaps import Missing
from interneg.recipe import Recipe
from interneg.texts import text_of
from interneg.timeline import is_timeline, timeline_spans

log = logging.getLogger("interneg")

_MOST_GAPS = 100_000
"""Frames that may be missing between others, more than an hour: more of them were never meant to be there."""


@dataclass(frozen=True)
class KnownCuts:
    """The first frames of the shots, as far as they are known: among these frames, None for all."""

    starts: tuple[int, ...]
    frames: tuple[int, ...] | None = None

    def within(self, first: int, last: int) -> list[int] | None:
        """Those between two frames; None where nothing is known of any frame there."""
        if self.frames is not None and not any(first <= n <= last for n in self.frames):
            return None
        return [start for start in self.starts if first <= start <= last]


@dataclass(frozen=True)
class Job:
    """A render as it was asked for.

    frames: a range, by default the whole clip. cuts: the file of a cut list. known_cuts: what an analysis
    knows of the cuts, where there is no such file. jobs: frames in work at once.
    memory: bytes that frames may fill, by default half of what is free. overwrite: render every frame again
    and replace files that Interneg did not write. sound: see `interneg.io.open_output`.
    """

    recipe: Recipe
    input: str
    output: str
    frames: str | None = None
    missing: Missing = "error"
    cuts: str | None = None
    known_cuts: KnownCuts | None = None
    jobs: int | None = None
    memory: int | None = None
    overwrite: bool = False
    sound: Literal["copy", "convert", "none"] = "copy"


def frames_of(job: Job, clip: Clip) -> tuple[int, ...]:
    """The frames to be written. Raises InputError for frames beyond the clip's ends, which are no gaps."""
    inside = range(clip.numbers[0], clip.numbers[-1] + 1)
    if not job.frames:
        gaps = inside.stop - inside.start - len(clip.numbers)
        if gaps > _MOST_GAPS:
            raise InputError(
                f"{job.input}: its {len(clip.numbers)} frames are numbered {inside[0]} to {inside[-1]}, so "
                f"that {gaps} are missing; dates and times are no frame numbers: rename the files so that "
                "they count on, or say with --frames which are meant"
            )
        if clip.cut_short and job.missing == "error":
            raise InputError(
                f"{job.input} is cut short: {clip.cut_short}. Render the rest with --frames "
                f"{format_frames(inside)}"
            )
        return tuple(inside)
    wanted = parse_frames(job.frames)
    if outside := [n for n in wanted if n not in inside]:
        raise InputError(
            f"{job.input} has frames {format_frames(inside)}; --frames {job.frames} asks for "
            f"{format_frames(outside)} beyond its ends"
        )
    return wanted


def read_cuts(path: str, clip: Clip) -> tuple[int, ...]:
    """The first frames of the shots, out of the file of a cut list or timeline.

    Where none of them is in the clip, that is told. Raises InputError, UsageError.
    """
    found, (first, *_, last) = _cuts_in(path, clip), (clip.numbers[0], *clip.numbers)
    # The frame behind the last one is the end of the last shot.
    if not any(first <= number <= last + 1 for number in found):
        log.warning(
            "the cut list %s has no cut within frames %d-%d, so the clip is taken for one shot: see that its "
            "numbers or timecodes are those of the clip",
            path, first, last,
        )  # fmt: skip
    return found


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else _piped(file, file.stat().st_ino)


@cache
def _piped(file: Path, _: int) -> bytes:
    """What came through a pipe, which gives it once; cut lists are read more than once."""
    return file.read_bytes()


def _cuts_in(path: str, clip: Clip) -> tuple[int, ...]:
    file, rate = Path(path), float(clip.rate) if clip.rate else None
    if is_timeline(file) and file.exists():
        return tuple(cuts_of(timeline_spans(file, rate), clip.numbers[0]))
    try:
        return tuple(parse_cuts(text_of(_content(file)), clip.numbers, rate))
    except OSError as error:
        raise InputError(f"the cut list {path} cannot be read: {error.strerror}") from error
