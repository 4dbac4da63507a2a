"""What a frame of 1080 rows costs Scratch-Inpaint: heavily damaged, and as two real scans have it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from bench import peers
from bench.dirt import HELD_OUT, Image, damaged, load
from bench.table import Row, at_least
from interneg.defects.evidence import REACH
from interneg.frame import Frame, Window

ROWS = 1080
SCANS = {"Market Street": "market_street_1906", "The Great Train Robbery": "great_train_robbery_1903"}
FIRST, WARM, TIMED = 10, 12, 6
"""The first frame of a clip that is looked at; how many are rendered before any is timed; how many are.

It is the middle of a shot that is timed: at the start each frame asks for memory that the system has to clear
first, until as many results are kept as there is room for.
"""
LENGTH = WARM + TIMED + 2 * REACH


class Renders(Protocol):
    """What renders the frame of an index; see `bench.defects.Bench`."""

    def frames(self, pictures: Sequence[Image]) -> list[Frame]:
        """The pictures as frames."""

    def rendered(self, window: Window) -> Image:
        """The frame of a window through the node."""


def rows(bench: Renders, footage: Path) -> Iterator[Row]:
    """Processor time for each new frame: of two cores a second has two of it."""
    small = damaged(load(footage / "clips" / HELD_OUT[0], FIRST, LENGTH), 5)
    frames = [_enlarged(f.damaged, 1920) for f in small]
    ours = _frame(bench, frames)
    for at in range(1, WARM):
        median_of_three(frames, at)
    yield _of_two_cores("1920x1080, 12 to 30 spots and two scratches a frame", ours)
    start = time.process_time()
    median_of_three(frames, WARM)
    theirs = time.process_time() - start
    name = f"1080p: CPU time of a frame ({ours:.1f} s) ÷ that of the median of three"
    yield Row(name, "", f"{ours / theirs:.1f}", None)
    if peers.there():
        seconds = peers.vapoursynth("median", np.stack(frames[:7]))[1]
        yield Row(
            "1080p: CPU time of a frame ÷ that of mvtools' median of three", "", f"{ours / seconds:.1f}", None
        )
    for name, folder in SCANS.items():
        pictures = load(footage / folder, FIRST, LENGTH, ending="png")
        scan = [_enlarged(p, 1408) for p in pictures]
        yield _of_two_cores(f"{name}, enlarged to 1408x1080", _frame(bench, scan))


def _of_two_cores(what: str, seconds: float) -> Row:
    return at_least(f"{what}: frames in two seconds of processor time", 1, 2 / seconds, "frames")


def _frame(bench: Renders, pictures: Sequence[Image]) -> float:
    # Each is read once, as of a file.
    frames = bench.frames(pictures)
    windows = [Window(tuple(frames[at : at + 2 * REACH + 1]), REACH) for at in range(WARM + TIMED)]
    for window in windows[:WARM]:
        bench.rendered(window)
    start = time.process_time()
    for window in windows[WARM:]:
        bench.rendered(window)
    return (time.process_time() - start) / TIMED


def _enlarged(picture: Image, width: int) -> Image:
    return np.asarray(cv2.resize(picture, (width, ROWS), interpolation=cv2.INTER_CUBIC), np.float32)


def median_of_three(pictures: Sequence[Image], at: int) -> Image:
    """The median of a frame and of those before and after, brought onto it by dense inverse search."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    greys = [cv2.cvtColor(np.rint(255 * p).astype(np.uint8), cv2.COLOR_RGB2GRAY) for p in pictures]
    height, width = greys[at].shape
    grid = np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)
    moved: list[npt.NDArray[np.float32]] = [pictures[at]]
    for other in (at - 1, at + 1):
        place = grid + search.calc(greys[at], greys[other], None)
        moved.append(
            cv2.remap(pictures[other], place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        )
    return np.median(moved, axis=0).astype(np.float32)
