"""What is found in one frame: by what it shows, or by a list that was made of its shot."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from interneg.defects import likely
from interneg.defects.detector import answered
from interneg.defects.dirt import Spot, spots
from interneg.defects.evidence import evidence, neighbours
from interneg.defects.light import glows
from interneg.defects.lines import Scratch
from interneg.defects.listing import Listing, listing
from interneg.defects.matte import Marks, Mattes
from interneg.defects.scene import flights
from interneg.defects.scratches import covered, scratches, spoiled
from interneg.defects.shot_list import FrameDefects, listed
from interneg.defects.tracks import rounded
from interneg.frame import Mask
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.


@dataclass(frozen=True)
class Sensitivity:
    """How readily what is looked for is found, 0..1 each, and the largest dirt, in pixels; see `spots`."""

    bright: float
    dark: float
    scratches: float
    largest: float


@dataclass(frozen=True, eq=False)
class Defects:
    """The dirt and the scratches of a frame; listing: that of the shot, where they come from one."""

    spots: Sequence[Spot]
    lines: list[Scratch]
    listing: Listing | None = None


@dataclass(frozen=True, eq=False)
class Damage:
    """What is repaired in a frame, and what is known of it."""

    mattes: Mattes
    defects: Defects


def detected(view: View, how: Sensitivity) -> Defects:
    """What the window's own frame shows."""
    size, around = view.planes().shape[1:], neighbours(view)
    lines = [rounded(line) for line in scratches(view, how.scratches, around)]
    asked = lines or how.bright or how.dark
    seen = evidence(view, around) if asked else None
    if seen is None:
        return Defects((), lines)
    answer = answered(view, seen)
    lines = [rounded(likely.refined(line, answer)) for line in lines]
    if not (how.bright or how.dark):
        return Defects((), lines)
    covers = [covered(lines, (size[0], size[1]), sign) for sign in (1, -1)]
    readily = how.bright, how.dark, how.scratches
    sure = likely.spots(view, seen, answer, readily, how.largest, covers[0] | covers[1])
    by_sign = {1: covers[0], -1: covers[1]}

    def closer(likely_enough: Mask, taken: Mask) -> list[Spot]:
        return spots(view, seen, readily[:2], how.largest, by_sign, (likely_enough, taken))

    looked_at = likely.doubtful(sure.spots, answer, seen, closer)
    more = flights(seen, looked_at)
    joint, count = sure.flights.joint_with(more), len(sure.flights.around)
    unclear = np.array([spot.margin < sure.strictness for spot in looked_at], np.bool_)
    joint[sure.which] &= ~sure.certain
    belong = [*joint[sure.which], *(joint[count:] | more.of_scene() | unclear)]
    dirt = [spot for spot, belongs in zip(sure.spots + looked_at, belong, strict=True) if not belongs]
    return Defects([spot for spot, lit in zip(dirt, glows(seen, dirt), strict=True) if not lit], lines)


def from_list(view: View, content: bytes, name: str) -> Defects:
    """What a list of the shot has for the window's own frame. Raises what `listing` does.

    content: of the file. name: of it, for messages.
    """
    height, width = view.planes().shape[1:]
    key = "defects list 1", name, hashlib.sha256(content).digest(), height, width
    made: Listing = view.context.measurements.get(key, lambda: listing(content, name, (height, width)))
    dirt, lines = made.of(view.window.frame.number)
    return Defects(dirt, lines, made)


def spoilt(view: View, offset: int, defects: Defects, marks: Marks | None = None) -> npt.NDArray[np.bool_]:
    """Where the frame at `offset` has the scratches that were found, or that a list forces, (H, W).

    marks: what shows other damage of it.
    """
    import cv2

    frame = view.window.frames[view.window.centre + offset]
    made, forced = spoiled(view, offset, defects.lines), []
    if marks is not None:
        made = made | marks.of(frame)
    if defects.listing is not None:
        forced = defects.listing.forced(frame.number)
    for line in forced:
        cover = np.uint8(line.cover((made.shape[0], made.shape[1])))
        made = made | (cv2.dilate(cover, np.ones((1, 3), np.uint8)).reshape(made.shape) > 0)
    return made


def described(view: View, damage: Damage) -> FrameDefects:
    """What was found in the window's own frame, as an entry for a list of its shot."""
    frame, before = view.window.frame, view.window.frames[view.window.centre - 1]
    seen = evidence(view, neighbours(view))
    dirt = [listed(spot, seen) for spot in damage.defects.spots] if seen is not None else []
    share, starts = float((damage.mattes.both > 0).mean()), before.number == frame.number
    return FrameDefects((frame.height, frame.width), dirt, damage.defects.lines, share, starts)
