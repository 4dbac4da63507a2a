"""What `interneg qc` measures: two clips, frame by frame, as they look on a display."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.memo import Memo
from interneg.metrics.blocking import SMALLEST_FOR_BLOCKS, blockiness_excess, find_grid
from interneg.metrics.checks import Double
from interneg.metrics.fidelity import SMALLEST_FOR_SSIM, luma601, psnr_y, ssim_y
from interneg.metrics.flip import flip_mean
from interneg.metrics.golden import compare
from interneg.metrics.overshoot import overshoot
from interneg.metrics.temporal import SMALLEST_FOR_MOTION, block_levels, flicker, motion, warp_error
from interneg.nonfinite import fill
from interneg.plugin.pairs import FramePair
from interneg.plugin.qc.figures import MEASURES, FrameQuality, Quality
from interneg.plugin.qc.meters import Meter
from interneg.plugin.qc.viewer import Viewer
from interneg.shots import LOOK, Shots

_THUMB = (64, 36)


def measure(
    viewer: Viewer,
    pairs: list[FramePair],
    done: Callable[[], None] = lambda: None,
    meters: Sequence[Meter] = (),
) -> Quality:
    """Measure all pairs, in order; `done` is called after each. meters: what else to measure.

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
        for meter in meters:
            meter.see(_rgb(reference), _rgb(test))
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
    for meter in meters:
        for made, value in zip(frames, meter.figures(), strict=True):
            made.values[meter.measure.name] = value
    measures = (*MEASURES, *(meter.measure for meter in meters))
    return Quality(size, [frames[s].pair.reference for s in starts], frames, measures)


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
