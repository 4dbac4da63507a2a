"""Scratches: lines that the frames around have as well, and that do not belong to the scene."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.defects.evidence import Neighbour
from interneg.defects.lines import WIDEST, Scratch, lines
from interneg.defects.strips import left
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# At a sensitivity of a half: what a line shows in its bands on average, in deviations of what the band shows
# elsewhere. Sensitivity of 0 and of 1 change this by so many times.
_SEEN, _STEEP = 5.0, 1.5
# How far a scratch wanders from frame to frame, in pixels, and how faint it may be there.
_WANDERS, _FAINTER = 6.0, 0.75
# How much its width, and what it leans by over the frame, may differ there.
_WIDER, _LEANS = 1.5, 3.0
# How far from the line the scene's motion is looked at.
_ASIDE = 10
# How many of the frames around have to show the line, where there are so many; and how many, where one before
# and one after show it clearly.
_FRAMES, _BETWEEN = 3, 2


def scratches(view: View, sensitivity: float, around: tuple[Neighbour, ...]) -> list[Scratch]:
    """Find the scratches of the window's own frame.

    sensitivity: 0 (none) to 1. around: see `neighbours`. A line that no frame around has, a few pixels away,
    is none: it would be a hair. One that frames before and after have clearly may be a little fainter. One
    that stays where the scene's own motion takes it is none, as a pole, and a scratch that doesn't move
    against the picture. Frames lower than four bands have none. (Column sums of a horizontal high-pass: Bruni
    and Vitulano, A generalized model for scratch detection, 2004.)
    """
    if sensitivity <= 0:
        return []
    needed = _SEEN * _STEEP ** (1 - 2 * sensitivity)
    every = lines(view, 0, _FAINTER * _SEEN / _STEEP)
    found = [line for line in every if line.clear >= _FAINTER * needed and line.half < WIDEST]
    return [line for line in found if _wanders(view, line, around, needed)]


def _wanders(view: View, line: Scratch, around: tuple[Neighbour, ...], needed: float) -> bool:
    """Whether enough frames around have the line, half of them, or one clearly, elsewhere than the scene is.

    Where one shows the line and all beside it moved as the scene is, it belongs to that: a post, or dark
    things one above another, whose middle is measured elsewhere in each frame. A scratch that wanders may
    well be there in one frame or two.
    """
    own, departs, seen = view.planes(0, WorkingSpace.LOG_Y)[0], [], {}
    for n in around:
        others = [o for o in lines(view, n.offset, _FAINTER * _SEEN / _STEEP) if _same(line, o, needed)]
        if others:
            seen[n] = others
    clear = {n.offset > 0 for n, others in seen.items() if any(o.clear >= needed for o in others)}
    between = len(clear) == 2
    if not between and (line.clear < needed or len(seen) < min(_FRAMES, len(around))):
        return False
    for n, others in seen.items():
        height, width = n.luma.shape
        at = line.at(height)
        columns = np.clip(np.rint(np.stack([at - _ASIDE, at + _ASIDE])).astype(int), 0, width - 1)
        places = np.tile(np.arange(height), 2), columns.ravel()
        sure = n.confidence.at(*places) > 0.5
        if not sure.any():
            continue
        scene, down = (float(m) for m in np.median(n.field.at(*places)[sure], axis=0))
        gone = min((float(np.mean(o.columns - line.columns)) for o in others), key=lambda g: abs(g - scene))
        other = view.planes(n.offset, WorkingSpace.LOG_Y)[0]
        departs.append(left(own, other, at, (scene, down), gone))
    enough = _BETWEEN if between else max(1, min(_FRAMES, len(around)))
    most = 2 * np.count_nonzero(departs) >= len(departs)
    return len(departs) >= enough and bool(most or max(departs) > 1)


def covered(found: list[Scratch], size: tuple[int, int], sign: int) -> npt.NDArray[np.bool_]:
    """The pixels of those lines that are bright (1) or dark (-1), (H, W)."""
    made = np.zeros(size, np.bool_)
    for line in found:
        if line.sign == sign:
            made |= line.cover(size)
    return made


def spoiled(view: View, offset: int, found: list[Scratch]) -> npt.NDArray[np.bool_]:
    """Where the frame at `offset` has the scratches that were found, and their rims, (H, W)."""
    import cv2

    height, width = view.planes(offset, WorkingSpace.LOG_Y).shape[1:]
    made = np.zeros((height, width), np.uint8)
    for line in lines(view, offset, _FAINTER * _SEEN / _STEEP):
        if any(_same(own, line, 0.0) for own in found):
            made |= np.uint8(line.cover((height, width)))
    return np.asarray(cv2.dilate(made, np.ones((1, 3), np.uint8)).reshape(made.shape) > 0)


def _same(line: Scratch, other: Scratch, needed: float) -> bool:
    apart = abs(float(np.mean(line.columns - other.columns)))
    leans = abs(float(np.ptp(line.columns) - np.ptp(other.columns)))
    alike = leans <= _LEANS and abs(line.half - other.half) <= _WIDER
    return alike and other.sign == line.sign and other.clear >= _FAINTER * needed and apart <= _WANDERS
