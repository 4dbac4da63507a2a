"""How many frames may be in the pipeline at once, from what one takes."""

from __future__ import annotations

import psutil

from interneg.errors import HostMemoryError

GIB = 2**30

SHARE = 0.5
"""The part of the free memory that frames may fill where no limit is given."""

_AHEAD = 4
"""Frames in the pipeline beyond those in work; more would only wait."""

_WORK = 4
"""What a frame in work takes, counted in input plus output frames: the node's planes and their copies."""


def slots(limit: int | None, frame: int, scale: int, kept: int, jobs: int) -> int:
    """The number of frames between the start of reading and the end of writing.

    limit: bytes that frames may fill, by default half of the memory that is free now. frame: bytes of an
    input frame; scale: how many times larger the output is in each direction. kept: input frames that the
    windows of the nodes keep. jobs: frames in work at once.
    At least 1 where no limit was given. Raises HostMemoryError where a given limit is too low for one frame.
    The networks' own memory is limited by their tiles, apart from this.
    """
    both = frame * (1 + scale**2)
    fixed = kept * frame + jobs * _WORK * both
    free = int(SHARE * psutil.virtual_memory().available) if limit is None else limit
    if limit is not None and fixed + both > limit:
        raise HostMemoryError(
            f"these frames need {(fixed + both) / GIB:.2f} GiB with --jobs {jobs}, the limit is "
            f"{limit / GIB:.2f} GiB; raise --memory" + (" or lower --jobs" if jobs > 1 else "")
        )
    return max(1, min((free - fixed) // both, jobs + _AHEAD))
