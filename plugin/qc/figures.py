"""The figures of a comparison: which there are, of each pair of frames, and summed up over a clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from interneg.plugin.pairs import FramePair


class Measure(NamedTuple):
    """One figure of the report.

    low_is_bad: whether the worst frame is the one with the lowest figure. reference: the name of the same
    figure of the reference clip, where it has one of its own.
    """

    name: str
    label: str
    help: str
    low_is_bad: bool = False
    reference: str = ""


MEASURES = (
    Measure("psnr_y", "PSNR-Y (dB)", "signal to noise of the luma, 8-bit peak; none for equal frames", True),
    Measure("ssim_y", "SSIM-Y", "structural similarity of the luma, 1 for equal frames", True),
    Measure("flip", "FLIP", "difference seen when flipping between the two, 0 none, 1 black to white"),
    Measure("max", "largest difference", "of any channel; 1 is white"),
    Measure("mean", "mean difference", "of all channels; 1 is white"),
    Measure("nan", "NaN or inf", "pixels that are not finite in only one of the two"),
    Measure("blockiness", "blockiness", "steps on a codec's grid, beyond those of the reference"),
    Measure("overshoot_max", "overshoot, max", "beyond the reference's 5x5 surroundings; 1 is white"),
    Measure("overshoot_mean", "overshoot, mean", "beyond the reference's 5x5 surroundings; 1 is white"),
    Measure("flicker", "flicker", "of the mean luma, relative to the shot's", False, "flicker_reference"),
    Measure(
        "local_flicker",
        "flicker, local",
        "of the mean luma of 32x32 blocks, relative to the shot's; motion counts too",
        False,
        "local_flicker_reference",
    ),
    Measure(
        "e_warp",
        "E_warp",
        "mean square change from the frame before, along the reference's motion",
        False,
        "e_warp_reference",
    ),
)


@dataclass(frozen=True)
class FrameQuality:
    """The figures of one pair of frames, by name; NaN where a figure does not exist."""

    pair: FramePair
    values: dict[str, float]


class FigureSummary(NamedTuple):
    """mean: over the frames that have the figure (PSNR: that differ); worst: with the reference's number.

    NaN, NaN, None where no frame has it.
    """

    mean: float
    worst: float
    frame: int | None


@dataclass(frozen=True)
class Quality:
    """The comparison of two clips.

    size: width, height as compared. shots: the first reference frames. measures: what was measured.
    """

    size: tuple[int, int]
    shots: list[int]
    frames: list[FrameQuality]
    measures: tuple[Measure, ...] = MEASURES

    def summary(self, name: str, low_is_bad: bool = False) -> FigureSummary:
        """Sum up one figure over the clip."""
        found = [(f.values[name], f.pair.reference) for f in self.frames if math.isfinite(f.values[name])]
        if not found:
            return FigureSummary(math.nan, math.nan, None)
        pick = min if low_is_bad else max
        worst, frame = pick(found, key=lambda entry: entry[0])
        return FigureSummary(math.fsum(value for value, _ in found) / len(found), worst, frame)


def number(value: float) -> str:
    """A figure to four digits, a dash for one that does not exist."""
    return "–" if math.isnan(value) else f"{value:.4g}"
