"""Mattes: where damage is and how much, drawn from what was found, read from pictures, and put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from interneg.defects.dirt import Spot, softened
from interneg.defects.lines import Scratch
from interneg.defects.scratches import covered
from interneg.errors import InputError
from interneg.frame import Frame, Mask, Pixels

DIRT, SCRATCH = "defects.dirt", "defects.scratch"
"""The channels that mattes of each kind are written as."""

_STEPS = np.float32(255)
_DRAWN = np.float32(0.7)
_INFRARED = {"ir", "infrared"}


@dataclass(frozen=True, eq=False)
class Mattes:
    """How much is damaged, of each kind: (H, W) float32, 0..1, in steps of 1/255.

    Any format holds these steps, so a matte that was written comes back as it was.
    """

    dirt: Pixels
    scratch: Pixels

    @property
    def both(self) -> Pixels:
        """The larger of the two, (H, W) float32."""
        return np.maximum(self.dirt, self.scratch)

    @property
    def named(self) -> dict[str, Pixels]:
        """By the channels that they are written as, (H, W) float32 each."""
        return {DIRT: self.dirt, SCRATCH: self.scratch}

    def planes(self, count: int) -> Pixels:
        """As a picture, (count, H, W) float32: dirt is red, scratches are green; a grey one has both."""
        if count < 2:
            return np.repeat(self.both[None], count, 0)
        empty = np.zeros_like(self.dirt)
        return np.stack([self.dirt, self.scratch, *[empty] * (count - 2)])

    def with_given(self, given: Mattes, how: str) -> Mattes:
        """With another matte: "add" takes the larger, "replace" that one, "protect" what that leaves."""
        if how == "replace":
            return given
        if how == "add":
            return Mattes(np.maximum(self.dirt, given.dirt), np.maximum(self.scratch, given.scratch))
        left = 1 - given.both
        return Mattes(in_steps(np.minimum(self.dirt, left)), in_steps(np.minimum(self.scratch, left)))


def drawn(
    spots: Sequence[Spot], lines: list[Scratch], size: tuple[int, int], grow: float, feather: float
) -> Mattes:
    """The mattes of dirt and scratches in a picture (H, W); grow, feather: see `softened`."""
    dirty = np.zeros(size, np.bool_)
    for spot in spots:
        dirty[spot.box] |= spot.shape
    scratched = covered(lines, size, 1) | covered(lines, size, -1)
    return Mattes(*(_soft(c, grow, feather) for c in (dirty, scratched)))


def softly(marked: Mask, grow: float, feather: float) -> Mattes:
    """What is marked, (H, W), as dirt; grow, feather: see `softened`."""
    return Mattes(_soft(marked, grow, feather), np.zeros(marked.shape, np.float32))


def _soft(covered: Mask, grow: float, feather: float) -> Pixels:
    """What is covered, (H, W), in steps; 0 and 1 are steps."""
    return (
        softened(covered, grow, feather)
        if grow == feather == 0
        else in_steps(softened(covered, grow, feather))
    )


def over_plate(planes: Pixels, matte: Pixels) -> Pixels:
    """Planes (C, H, W) float32 with a matte, (H, W), 0..1, over them in red (or light, on grey ones)."""
    red = np.zeros((len(planes), 1, 1), np.float32)
    red[0] = 1
    return np.where(matte > 0, planes + _DRAWN * matte * (red - planes), planes)


def in_steps(matte: Pixels) -> Pixels:
    """The matte, (H, W) float32, limited to 0..1 and to steps of 1/255; NaN and inf are 0."""
    finite = np.clip(np.where(np.isfinite(matte), matte, 0), 0, 1)
    return np.asarray(np.rint(finite * _STEPS) / _STEPS, np.float32)


def read_matte(picture: Frame | None, plate: Frame) -> Mattes:
    """The matte that a picture is.

    It is what `defects.dirt` and `defects.scratch` say where it has these channels; else its alpha, unless
    that is the same all over; else red for dirt and green for scratches, which a grey one has alike; else its
    first channel. Raises InputError where there is no picture, or not one of the plate's size.
    """
    if picture is None:
        raise InputError(
            "scratch-inpaint is to use a matte, and none is there: give one, with --matte or at the matte "
            "input, or set matte to off"
        )
    if picture.pixels.shape[1:] != plate.pixels.shape[1:]:
        raise InputError(
            f"the matte of frame {plate.number} is {picture.width}x{picture.height}, the picture "
            f"{plate.width}x{plate.height}: a matte has the size of the picture it belongs to"
        )
    planes = dict(zip(picture.channels, picture.pixels, strict=True))
    if DIRT in planes or SCRATCH in planes:
        empty = np.zeros(picture.pixels.shape[1:], np.float32)
        return Mattes(*(in_steps(planes.get(kind, empty)) for kind in (DIRT, SCRATCH)))
    alpha = planes.get("A")
    coloured = [planes[name] for name in "RG" if name in planes]
    if alpha is not None and (len(planes) == 1 or (alpha != alpha.flat[0]).any()):
        coloured = [alpha]
    coloured = coloured or [picture.pixels[0]]
    return Mattes(in_steps(coloured[0]), in_steps(coloured[-1]))


@dataclass(frozen=True)
class Marks:
    """A channel of the plate that shows damage: where it is darker, or brighter, than a threshold.

    channel: "alpha", or "infrared" for one that is called ir or infrared, by itself or in a layer.
    """

    channel: str
    dark: bool
    threshold: float

    def of(self, frame: Frame) -> Mask:
        """Where it shows damage, (H, W); NaN shows none. Raises InputError where the channel is missing."""
        if self.channel == "alpha":
            found = [k for k, name in enumerate(frame.channels) if name == "A"]
        else:
            words = [set(name.casefold().split(".")) for name in frame.channels]
            found = [k for k, parts in enumerate(words) if _INFRARED & parts]
        if not found:
            wanted = "alpha" if self.channel == "alpha" else "channel called ir or infrared"
            raise InputError(
                f"frame {frame.number} has no {wanted}, which the matte is to come from; it has "
                f"{', '.join(frame.channels)}"
            )
        plane = frame.pixels[found[0]]
        with np.errstate(invalid="ignore"):
            return np.asarray(plane < self.threshold if self.dark else plane > self.threshold)
