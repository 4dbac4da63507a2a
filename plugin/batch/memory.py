"""How many frames may be in the pipeline at once, from what one takes."""

from __future__ import annotations

import psutil

from interneg.errors import HostMemoryError
from interneg.plugin.machine.sizes import size_text

SHARE = 0.5
"""The part of the free memory that frames may fill where no limit is given."""

_AHEAD = 4
"""Frames in the pipeline beyond those in work; more would only wait."""

_WORK = 4
"""What a frame in work takes, counted in input plus output frames: the node's planes and their copies."""


def load(limit: int | None, frame: int, scale: int, kept: int, jobs: int | None) -> tuple[int, int]:
    """How many frames are in work at once, and how many between the start of reading and the end of writing.

    limit: bytes that frames may fill, by default half of the memory that is free now. frame: bytes of an
    input frame; scale: how many times larger the output is in each direction. kept: input frames that the
    windows of the nodes keep. jobs: frames in work as they were asked for; by default two, so that one is in
    the networks while another is between them, or one where two do not fit.
    At least 1 of both where no limit was given. Raises HostMemoryError where a given limit is too low for one
    frame, or for the jobs asked for.
    The networks' own memory is limited by their tiles, apart from this.
    """
    both = frame * (1 + scale**2)
    free = int(SHARE * psutil.virtual_memory().available) if limit is None else limit

    def needed(count: int) -> int:
        return kept * frame + count * _WORK * both + both

    if jobs is None:
        jobs = 2 if needed(2) <= free else 1
    if limit is not None and needed(jobs) > limit:
        raise HostMemoryError(
            f"these frames need {size_text(needed(jobs))} with --jobs {jobs}, the limit is "
            f"{size_text(limit)}; raise --memory" + (" or lower --jobs" if jobs > 1 else "")
        )
    return jobs, max(1, min((free - needed(jobs)) // both + 1, jobs + _AHEAD))
