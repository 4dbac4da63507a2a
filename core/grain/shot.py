"""The grain of a shot: that of its frames, put together as one profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.grain.measure import measure, profile_of
from interneg.grain.profile import DENSITY, GrainProfile
from interneg.grain.profile_file import text
from interneg.node import View

FrameGrain = GrainProfile

_POINTS = 20


def seen(view: View, width: float) -> FrameGrain:
    """The grain of the window's own frame, with what the frame before and the one after show of it.

    width: of the film that the picture shows, in mm. Raises InputError as `measure` does.
    """
    frame, offsets = view.window.frame, beside(view)
    frames = [view.planes(o, WorkingSpace.LOG_RGB) for o in offsets]
    measured = measure(frames, offsets.index(0))
    across = frame.display_window.width
    return profile_of(measured, view.context.colour, frame.colour_space, "plate", "film", width, across)


def beside(view: View) -> list[int]:
    """The offsets of the own frame and of those beside it that the window has."""
    centre = view.window.centre
    return [o for o in (-1, 0, 1) if 0 <= centre + o < len(view.window.frames)]


class ShotGrain:
    """The grain of all frames of a shot as one profile; see `Analysis`."""

    def __init__(self, seen: Mapping[int, FrameGrain]) -> None:
        self._frames = dict(seen)
        self.profile = joined([seen[n] for n in sorted(seen)])

    @property
    def text(self) -> str:
        """The profile file."""
        return text(self.profile)

    @property
    def shown(self) -> Sequence[int]:
        """No frames: the curves tell more."""
        return ()

    def drawn(self, number: int, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """The picture, (H, W, C), as it is."""
        return picture

    @property
    def report(self) -> Sequence[str]:
        """How strong the grain is, how coarse, how alike its channels."""
        p = self.profile
        if not p.sigmas.any():
            return [f"no grain in {len(self._frames)} frames"]
        middle = [float(np.median(s)) for s in p.sigmas]
        strength = ", ".join(f"{c} {DENSITY * s:.4f}" for c, s in zip(p.channels, middle, strict=True))
        sentences = [
            f"grain of {len(self._frames)} frames: a deviation of {strength} printing density in the middle "
            f"of its range, half of its power below {half_power(p):.0f} cycles per mm of a film {p.width:g} "
            "mm wide"
        ]
        if len(p.channels) == 3:
            pairs = ((0, 1), (1, 2), (0, 2))
            alike = ", ".join(
                f"{p.channels[a]} and {p.channels[b]} {p.correlation[a, b]:.2f}" for a, b in pairs
            )
            sentences.append(
                f"correlation of the channels: {alike}; of a frame with the next {p.over_time:.2f}"
            )
        return sentences


def joined(profiles: Sequence[GrainProfile]) -> GrainProfile:
    """The profile that several frames of one plate have: their mean; at each level of those that have it."""
    first = profiles[0]
    if len(profiles) == 1:
        return first
    low = np.min([p.levels[:, 0] for p in profiles], axis=0)
    high = np.max([p.levels[:, -1] for p in profiles], axis=0)
    levels = np.linspace(low, high, _POINTS).T.astype(np.float32)
    sigmas = np.stack([_mean(profiles, c, levels[c]) for c in range(len(levels))])
    return replace(
        first,
        levels=levels,
        sigmas=sigmas,
        power=np.mean([p.power for p in profiles], axis=0, dtype=np.float32),
        correlation=np.mean([p.correlation for p in profiles], axis=0, dtype=np.float32),
        over_time=float(np.mean([p.over_time for p in profiles])),
    )


def _mean(profiles: Sequence[GrainProfile], channel: int, levels: Pixels) -> Pixels:
    """The deviations at the levels, by the profiles that reach there, else by all."""
    curves = [(p.levels[channel], p.sigmas[channel]) for p in profiles]
    squares = np.stack([np.interp(levels, x, np.square(y)) for x, y in curves])
    there = np.stack([(levels >= x[0]) & (levels <= x[-1]) for x, _ in curves]).astype(np.float64)
    there += 1e-6
    return np.asarray(np.sqrt((squares * there).sum(0) / there.sum(0)), np.float32)


def half_power(profile: GrainProfile) -> float:
    """The frequency, in cycles per mm, below which half of the grain's power lies; that of green or grey."""
    power = profile.power[len(profile.channels) // 2]
    rings = np.cumsum(power * profile.frequencies)
    return float(np.interp(rings[-1] / 2, rings, profile.frequencies))
