"""Which frames of two clips belong together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from interneg.errors import InputError
from interneg.io import Clip, format_frames


class FramePair(NamedTuple):
    """The numbers of two frames to compare."""

    reference: int
    test: int


def pair_frames(
    reference: Clip,
    test: Clip,
    frames: Collection[int] | None = None,
    made: Sequence[int] = (),
    mend: str = "render them, or compare a part with --frames",
) -> tuple[str, list[FramePair]]:
    """Say which frames belong together, and by what: "number", "order" or "provenance".

    By provenance where `made` says from which frames of the reference those of the test were made, in their
    order. Else by number where both clips have the same ones, or hold all that `frames` asks for; by order
    where their numbers have nothing to do with each other (none in common, or one of the two is a movie) and
    there are as many. `frames` are then numbers of the reference.
    Raises InputError that lists the frames without a partner, and says how to `mend` it.
    """
    ours, theirs = reference.numbers, test.numbers
    unrelated = not set(ours) & set(theirs) or reference.is_movie != test.is_movie
    if made and len(made) == len(theirs) and set(made) <= set(ours):
        pairs = dict(zip(made, theirs, strict=True))
        how = "provenance"
    elif ours != theirs and unrelated and len(ours) == len(theirs):
        pairs = dict(zip(ours, theirs, strict=True))
        how = "order"
    else:
        pairs = {n: n for n in set(ours) & set(theirs)}
        how = "number"
    every = {"number": {*ours, *theirs}, "order": ours, "provenance": made}[how]
    asked = sorted(every if frames is None else frames)
    if lost := [n for n in asked if n not in pairs]:
        gone = [
            f"{name} lacks {format_frames(missing)}"
            for name, numbers in ((f"the reference {reference}", ours), (f"the test {test}", theirs))
            if (missing := [n for n in lost if n not in numbers])
        ]
        raise InputError(f"{'; '.join(gone)}; {mend}")
    return how, [FramePair(n, pairs[n]) for n in asked]
