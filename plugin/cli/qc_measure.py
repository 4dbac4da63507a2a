"""What `interneg qc` measures: two clips, frame by frame, as they look on a display."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from interneg.colour import Colour, Transform
from interneg.colour.tags import SRGB_PICTURE
from interneg.errors import ColourError, InputError, UsageError
from interneg.frame import Frame, Pixels
from interneg.io import Clip, format_frames
from interneg.memo import Memo
from interneg.metrics.blocking import SMALLEST_FOR_BLOCKS, blockiness_excess, find_grid
from interneg.metrics.checks import Double
from interneg.metrics.fidelity import SMALLEST_FOR_SSIM, luma601, psnr_y, ssim_y
from interneg.metrics.flip import flip_mean
from interneg.metrics.golden import compare
from interneg.metrics.overshoot import overshoot
from interneg.metrics.temporal import SMALLEST_FOR_MOTION, block_levels, flicker, motion, warp_error
from interneg.nonfinite import fill
from interneg.shots import LOOK, Shots

_THUMB = (64, 36)
_FLOATS = ("half", "float")


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


class Pair(NamedTuple):
    """The numbers of two frames to compare."""

    reference: int
    test: int


@dataclass(frozen=True)
class FrameQuality:
    """The figures of one pair of frames, by name; NaN where a figure does not exist."""

    pair: Pair
    values: dict[str, float]


class Summary(NamedTuple):
    """mean: over the frames that have the figure (PSNR: that differ); worst: with the reference's number.

    NaN, NaN, None where no frame has it.
    """

    mean: float
    worst: float
    frame: int | None


@dataclass(frozen=True)
class Quality:
    """The comparison of two clips. size: width, height as compared; shots: the first reference frames."""

    size: tuple[int, int]
    shots: list[int]
    frames: list[FrameQuality]

    def summary(self, name: str, low_is_bad: bool = False) -> Summary:
        """Sum up one figure over the clip."""
        found = [(f.values[name], f.pair.reference) for f in self.frames if math.isfinite(f.values[name])]
        if not found:
            return Summary(math.nan, math.nan, None)
        pick = min if low_is_bad else max
        worst, frame = pick(found, key=lambda entry: entry[0])
        return Summary(math.fsum(value for value, _ in found) / len(found), worst, frame)


def pair_frames(reference: Clip, test: Clip, frames: Collection[int] | None = None) -> tuple[str, list[Pair]]:
    """Say which frames belong together, and by what: "number" or "order".

    By number where both clips have the same ones, or hold all that `frames` asks for; by order where their
    numbers have nothing to do with each other (none in common, or one of the two is a movie) and there are
    as many. `frames` are then numbers of the reference.
    Raises InputError that lists the frames without a partner.
    """
    ours, theirs = reference.numbers, test.numbers
    unrelated = not set(ours) & set(theirs) or reference.is_movie != test.is_movie
    if ours != theirs and unrelated and len(ours) == len(theirs):
        pairs = dict(zip(ours, theirs, strict=True))
        how = "order"
    else:
        pairs = {n: n for n in set(ours) & set(theirs)}
        how = "number"
    every = {*ours, *theirs} if how == "number" else ours
    asked = sorted(every if frames is None else frames)
    if lost := [n for n in asked if n not in pairs]:
        gone = [
            f"{name} lacks {format_frames(missing)}"
            for name, numbers in ((f"the reference {reference}", ours), (f"the test {test}", theirs))
            if (missing := [n for n in lost if n not in numbers])
        ]
        raise InputError(f"{'; '.join(gone)}; render them, or compare a part with --frames")
    return how, [Pair(n, pairs[n]) for n in asked]


@dataclass
class Viewer:
    """Shows the frames of both clips in one encoding.

    Integer pictures are encoded already and are taken as they are. Float pictures are converted by OCIO:
    to the colour space of the other clip where that one is of integers, else to the sRGB picture space.
    notes: what was done to the reference and to the test, filled with their first frames.
    """

    reference: Clip
    test: Clip
    crop: int = 0
    notes: dict[str, str] = field(default_factory=dict)
    _colour: Colour | None = None
    _target: str = ""

    def pictures(self, pair: Pair) -> tuple[Pixels, Pixels]:
        """Return both frames, (1 or 3, H, W) float32 each, of one shape: the display window less the crop.

        NaN and inf are as in the files. Raises InputError where the two do not fit each other, UsageError
        where the crop leaves nothing.
        """
        frames = self.reference.read(pair.reference), self.test.read(pair.test)
        names = (
            f"frame {pair.reference} of the reference {self.reference}",
            f"frame {pair.test} of the test {self.test}",
        )
        for name, frame in zip(names, frames, strict=True):
            if not frame.colour_channels:
                raise InputError(f"{name} has neither R, G, B nor Y but {', '.join(frame.channels)}")
        windows = [(f.display_window.width, f.display_window.height) for f in frames]
        planes = [len(f.colour_channels) for f in frames]
        for what, (a, b) in (("{}x{} pixels", windows), ("{} colour channels", [(p,) for p in planes])):
            if a != b:
                raise InputError(
                    f"{names[0]} has {what.format(*a)}, {names[1]} {what.format(*b)}; "
                    "bring both to one size and kind first"
                )
        width, height = windows[0]
        if min(width, height) <= 2 * self.crop:
            raise UsageError(f"--crop {self.crop} leaves nothing of {width}x{height} pixels")
        if not self._target:
            self._target = self._choose_target(frames)
        inside = np.s_[:, self.crop : height - self.crop, self.crop : width - self.crop]
        r, t = (
            self._encoded(who, clip, frame)[inside]
            for who, clip, frame in zip(
                ("reference", "test"), (self.reference, self.test), frames, strict=True
            )
        )
        return r, t

    def _choose_target(self, frames: tuple[Frame, Frame]) -> str:
        if not any(_is_float(f) for f in frames):
            return "as stored"
        for clip, frame in zip((self.reference, self.test), frames, strict=True):
            if not _is_float(frame):
                return self._space(clip, frame)
        for name in SRGB_PICTURE:
            try:
                return self._ocio().resolve(name)
            except ColourError:
                continue
        raise ColourError(
            f"{self._ocio().name} has no sRGB picture space to look at float pictures in (looked for "
            f"{', '.join(SRGB_PICTURE)}); convert both clips to integer pictures, or unset $OCIO"
        )

    def _encoded(self, who: str, clip: Clip, frame: Frame) -> Pixels:
        planes = _on_display(frame)
        if not _is_float(frame):
            self.notes.setdefault(who, f"as stored ({frame.depth[frame.colour_channels[0]]})")
            return planes
        space = self._space(clip, frame)
        self.notes.setdefault(who, f"converted from {space} to {self._target}")
        change: Transform = self._ocio().transform(space, self._target)
        return change(planes)

    def _space(self, clip: Clip, frame: Frame) -> str:
        path = str(clip.path_of(frame.number) or "")
        depth = frame.depth[frame.colour_channels[0]]
        return self._ocio().space_of(path, frame.metadata, depth).space

    def _ocio(self) -> Colour:
        if self._colour is None:
            self._colour = Colour()
        return self._colour


def measure(viewer: Viewer, pairs: list[Pair], done: Callable[[], None] = lambda: None) -> Quality:
    """Measure all pairs, in order; `done` is called after each.

    Pixels that are not finite in either frame are counted where the two disagree and left out of all other
    figures (both get the reference's nearest good value). Figures over time run within a shot of the
    reference, from each compared frame to the next; flicker is that of the luma limited to 0..1, as a display
    shows it. Figures that a picture is too small for are NaN.
    """
    frames: list[FrameQuality] = []
    levels: list[tuple[Double, ...]] = []
    thumbs: list[Frame] = []
    before: tuple[Double, Double] | None = None
    size = (0, 0)
    for pair in pairs:
        reference, test = viewer.pictures(pair)
        if frames and size != (reference.shape[2], reference.shape[1]):
            raise InputError(
                f"frame {pair.reference} has {reference.shape[2]}x{reference.shape[1]} pixels, those before "
                f"it {size[0]}x{size[1]}; compare the two parts apart, with --frames"
            )
        size = (reference.shape[2], reference.shape[1])
        difference = compare(reference, test)
        # By pixel: a conversion that mixes primaries spreads a lost channel over its pixel.
        good = [np.isfinite(p).all(axis=0) for p in (reference, test)]
        lost = np.count_nonzero(good[0] != good[1])
        bad = np.asarray(~(good[0] & good[1]))
        if bad.any():
            reference = fill(reference, bad)
            test = np.where(bad, reference, test)
        values, now = _still(reference, test)
        values |= {
            "nan": float(lost),
            "max": 0.0 if math.isnan(difference.max) else difference.max,
            "mean": 0.0 if math.isnan(difference.mean) else difference.mean,
        }
        values |= dict.fromkeys(("e_warp", "e_warp_reference"), math.nan)
        if before and min(size) >= SMALLEST_FOR_MOTION:
            moved = motion(before[0], now[0])
            values["e_warp_reference"] = warp_error(before[0], now[0], moved)
            values["e_warp"] = warp_error(before[1], now[1], moved)
        frames.append(FrameQuality(pair, values))
        # What lies outside the display's gamut can be far below 0 and is not seen to flicker.
        seen = [np.clip(luma, 0.0, 1.0) for luma in now]
        levels.append((*(luma.mean() for luma in seen), *map(block_levels, seen)))
        thumb = cv2.resize(now[0].astype(np.float32), _THUMB, interpolation=cv2.INTER_AREA)
        thumbs.append(Frame.of(thumb[None]))
        before = now
        done()
    starts = _shot_starts(thumbs)
    _add_flicker(frames, levels, starts)
    for start in starts:
        frames[start].values.update(e_warp=math.nan, e_warp_reference=math.nan)
    return Quality(size, [frames[s].pair.reference for s in starts], frames)


def _still(reference: Pixels, test: Pixels) -> tuple[dict[str, float], tuple[Double, Double]]:
    """The figures of one pair alone, and both lumas with black 0 and white 1."""
    codes, luma = zip(*(_lumas(p) for p in (reference, test)), strict=True)
    psnr = psnr_y(*codes)
    over = overshoot(*luma)
    smallest = min(luma[0].shape)
    blocks = math.nan
    if smallest >= SMALLEST_FOR_BLOCKS:
        grid = find_grid(codes[1]) or find_grid(codes[0])
        blocks = blockiness_excess(codes[0], codes[1], grid) if grid else 0.0
    values = {
        "psnr_y": math.nan if math.isinf(psnr) else psnr,
        "ssim_y": ssim_y(*codes) if smallest >= SMALLEST_FOR_SSIM else math.nan,
        "flip": flip_mean(_rgb(reference), _rgb(test)),
        "blockiness": blocks,
        "overshoot_max": over.max,
        "overshoot_mean": over.mean,
    }
    return values, (luma[0], luma[1])


def _lumas(planes: Pixels) -> tuple[Double, Double]:
    """Luma in the 8-bit codes of the protocol (BT.601 for R, G, B; 0..255 for grey), and with white 1."""
    if len(planes) == 1:
        grey = planes[0].astype(np.float64)
        return grey * 255.0, grey
    codes = luma601(planes)
    return codes, (codes - 16.0) / 219.0


def _rgb(planes: Pixels) -> Pixels:
    """Grey as R = G = B."""
    return np.broadcast_to(planes, (3, *planes.shape[1:]))


def _shot_starts(thumbs: list[Frame]) -> list[int]:
    """The indices at which a shot starts, by the rule that rendering goes by."""
    shots = Shots(range(len(thumbs)), thumbs.__getitem__, Memo(4 * LOOK + 4))
    return [i for i in range(len(thumbs)) if shots.starts(i)]


def _add_flicker(frames: list[FrameQuality], levels: list[tuple[Double, ...]], starts: list[int]) -> None:
    names = ("flicker_reference", "flicker", "local_flicker_reference", "local_flicker")
    for first, behind in zip(starts, [*starts[1:], len(frames)], strict=True):
        shot = frames[first:behind]
        for name, over_time in zip(names, zip(*levels[first:behind], strict=True), strict=True):
            for frame, share in zip(shot, flicker(np.stack(over_time)), strict=True):
                frame.values[name] = float(share)


def _is_float(frame: Frame) -> bool:
    return frame.depth[frame.colour_channels[0]] in _FLOATS


def _on_display(frame: Frame) -> Pixels:
    """The colour planes over the display window; black where there are no pixels."""
    planes = frame.pixels[list(frame.colour_channels)]
    data, display = frame.data_window, frame.display_window
    if data == display:
        return planes
    out = np.zeros((len(planes), display.height, display.width), np.float32)
    x0, x1 = max(data.x0, display.x0), min(data.x1, display.x1)
    y0, y1 = max(data.y0, display.y0), min(data.y1, display.y1)
    if x0 < x1 and y0 < y1:
        out[:, y0 - display.y0 : y1 - display.y0, x0 - display.x0 : x1 - display.x0] = planes[
            :, y0 - data.y0 : y1 - data.y0, x0 - data.x0 : x1 - data.x0
        ]
    return out
