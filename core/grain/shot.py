"""The grain of a shot: that of its frames, put together as one profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from interneg.analysis import Analysis
from interneg.colour import WorkingSpace
from interneg.frame import Pixels
from interneg.grain.directions import mean
from interneg.grain.kind import kind_of
from interneg.grain.likest import likest
from interneg.grain.measure import measure, profile_of
from interneg.grain.profile import DENSITY, GrainProfile
from interneg.grain.profile_file import text
from interneg.node import View


@dataclass(frozen=True, eq=False)
class FrameGrain:
    """The grain of a frame, and how probable it is that it is film's and not digital noise, 0..1."""

    profile: GrainProfile
    film: float


_POINTS = 20
# A stock this far away, in what a measurement is sure to, is another one.
_LIKE = 3.0
# Half of the power below so many cycles per pixel, or colour channels so alike, are no grain of colour film.
_COARSEST, _ALIKE = 0.05, 0.9


def seen(view: View, width: float) -> FrameGrain:
    """The grain of the window's own frame, with what the frame before and the one after show of it.

    width: of the film that the picture shows, in mm. Raises InputError as `measure` does.
    """
    frame, offsets = view.window.frame, beside(view)
    frames = [view.planes(o, WorkingSpace.LOG_RGB) for o in offsets]
    measured = measure(frames, offsets.index(0))
    across, (kind, film) = frame.display_window.width, kind_of(measured)
    colour, space = view.context.colour, frame.colour_space
    return FrameGrain(profile_of(measured, colour, space, "plate", kind, width, across), film)


def beside(view: View) -> list[int]:
    """The offsets of the own frame and of those beside it that the window has."""
    centre = view.window.centre
    return [o for o in (-1, 0, 1) if 0 <= centre + o < len(view.window.frames)]


class ShotGrain(Analysis):
    """The grain of all frames of a shot as one profile; see `Analysis`."""

    ending = ".grain.toml"

    def __init__(self, seen: Mapping[int, FrameGrain]) -> None:
        self._frames = dict(seen)
        made = joined([seen[n].profile for n in sorted(seen)])
        self.film = float(np.mean([frame.film for frame in seen.values()]))
        self.profile = replace(made, kind="film" if self.film >= 0.5 else "digital")

    def called(self, name: str) -> None:
        """Give the profile a name."""
        self.profile = replace(self.profile, name=name)

    @property
    def text(self) -> str:
        """The profile file."""
        return text(self.profile)

    @property
    def report(self) -> Sequence[str]:
        """How strong the grain is, how coarse, how alike its channels, and what it is taken for."""
        p = self.profile
        if not p.sigmas.any():
            return [f"no grain in {len(self._frames)} frames"]
        middle = [float(np.median(s)) for s in p.sigmas]
        strength = ", ".join(f"{c} {DENSITY * s:.4f}" for c, s in zip(p.channels, middle, strict=True))
        sentences = [
            f"grain of {len(self._frames)} frame{'s' * (len(self._frames) > 1)}: a deviation of {strength} "
            f"printing density in the middle of its range, half of its power below {half_power(p):.0f} "
            f"cycles per mm of a film {p.width:g} mm wide"
        ]
        if len(p.channels) == 3:
            pairs = ((0, 1), (1, 2), (0, 2))
            alike = ", ".join(
                f"{p.channels[a]} and {p.channels[b]} {p.correlation[a, b]:.2f}" for a, b in pairs
            )
            sentences.append(
                f"correlation of the channels: {alike}; of a frame with the next {p.over_time:.2f}"
            )
        coarse = half_power(p) * p.pitch < _COARSEST
        if coarse or (len(p.channels) == 3 and _ALIKE < p.correlation[0, 1] < 0.999):
            sentences.append(
                "much of this may be picture, flicker or compression and no grain: choose frames that are "
                "flatter and stand still"
            )
        if self.film < 0.5:
            return [*sentences, f"it looks like digital noise, to {1 - self.film:.0%}"]
        name, far = likest(p)
        near = "nearest to" if far < _LIKE else "none of the stocks is like it; least far is"
        return [
            *sentences,
            f"it looks like film, to {self.film:.0%}; {near} {name} on film {p.width:g} mm wide",
        ]


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
        directions=mean([p.directions for p in profiles]),
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
