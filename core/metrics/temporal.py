"""Stability over time: flicker of the exposure, and warping error along the motion of the reference."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from interneg.errors import InputError
from interneg.metrics.checks import Array, Double, plane, same_shape

SMALLEST_FOR_MOTION = 16
"""The optical flow needs pictures of this width and height, or more."""

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def block_levels(luma: Array, block: int = 32) -> Double:
    """Return the means of a plane's blocks, ceil(H / block) x ceil(W / block), those at the ends smaller.

    luma: (H, W) in any unit, which the float64 result keeps; a block with a NaN is NaN. What `flicker` takes,
    stacked over time, for local flicker. Raises InputError for another shape and for blocks of no pixel.
    """
    height, width = plane(luma, "the luma").shape
    if block < 1:
        raise InputError(f"a block is 1 pixel or more, not {block}")
    rows, columns = np.arange(0, height, block), np.arange(0, width, block)
    sums = np.add.reduceat(np.add.reduceat(luma.astype(np.float64), rows, axis=0), columns, axis=1)
    areas = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    return np.asarray(sums / areas)


def flicker(levels: Array) -> Double:
    """Return each frame's share of flicker, relative to the mean level of the shot.

    levels: (T,) mean luma of each frame of one shot for global flicker, or (T, rows, columns) from
        `block_levels` for local flicker; linear or encoded.
    Returns (T,): mean over blocks of |m[t] - (m[t-1] + m[t+1]) / 2| / 2, over the mean of all m. The first
        and the last frame lack a neighbour and are NaN; a black shot has 0, one of negative mean NaN.
    The second difference removes what is steady and every linear fade; alternation between 1 + a and 1 - a
    gives a (its gain at the highest frequency is 1), so 0.01 is a flicker of one percent. Motion into and out
    of a block counts as well: compare local figures with those of a steady reference.
    Source: flicker as the frame-to-frame variation of (local) mean intensity that is not scene content, after
    van Roosmalen, Restoration of Archived Film and Video, TU Delft 1999, chapter 5.
    """
    if levels.ndim not in (1, 3) or levels.size == 0:
        raise InputError(f"levels must be (T,) or (T, rows, columns), not of shape {levels.shape}")
    m = levels.astype(np.float64)
    share = np.full(len(m), np.nan)
    scale = float(m.mean())
    if len(m) < 3 or scale < 0:
        return share
    high = np.abs(m[1:-1] - 0.5 * (m[:-2] + m[2:])) / 2.0
    share[1:-1] = high.reshape(len(high), -1).mean(axis=1) / scale if scale else 0.0
    return share


def flicker_index(levels: Array) -> float:
    """Return the mean of `flicker` over the shot; NaN for fewer than three frames.

    levels: (T,) or (T, rows, columns), as for `flicker`; so is what is raised.
    """
    share = flicker(levels)[1:-1]
    return float(share.mean()) if share.size else float("nan")


@dataclass(frozen=True, eq=False)
class FrameMotion:
    """Where the pixels of one frame lie in the next.

    flow: (H, W, 2) float32, x and y displacement in pixels from the first frame to the second.
    valid: (H, W), False where the pixel is covered, leaves the picture, or lies on a motion boundary.
    """

    flow: Field
    valid: Mask


def motion(first: Array, second: Array) -> FrameMotion:
    """Measure the motion between two frames of the reference clip.

    first, second: (H, W) luma, encoded, 0..1; values outside are seen as 0 or 1, NaN as 0. Raises InputError
    where sizes differ or are below 16x16.
    Source: dense inverse search, Kroeger et al. 2016; the mask: Ruder, Dosovitskiy, Brox, Artistic Style
    Transfer for Videos, 2016, equations 5 and 6 (after Sundaram et al. 2010).
    """
    same_shape(plane(first, "the first luma"), plane(second, "the second luma"))
    height, width = first.shape
    if min(height, width) < SMALLEST_FOR_MOTION:
        raise InputError(
            f"motion needs {SMALLEST_FOR_MOTION}x{SMALLEST_FOR_MOTION} pixels or more, not {width}x{height}"
        )
    a, b = _byte(first), _byte(second)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    forward: Field = search.calc(a, b, None)
    backward: Field = search.calc(b, a, None)
    x, y = _positions(forward)
    returned = forward + cv2.remap(backward, x, y, cv2.INTER_LINEAR)
    both = np.square(forward).sum(axis=2) + np.square(backward).sum(axis=2)
    covered = np.square(returned).sum(axis=2) > 0.01 * both + 0.5
    slopes = np.square(np.gradient(forward, axis=0)) + np.square(np.gradient(forward, axis=1))
    boundary = slopes.sum(axis=2) > 0.01 * np.square(forward).sum(axis=2) + 0.002
    outside = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    return FrameMotion(forward, ~(covered | boundary | outside))


def warp_error(first: Array, second: Array, moved: FrameMotion) -> float:
    """Return the warping error E_warp of a pair of frames along the motion of the reference pair.

    first, second: (H, W) luma or (3, H, W) picture of the clip under test, encoded, 0..1.
    moved: from `motion` of the same two frames of the reference clip, at the same size.
    Returns the mean of squares of first - warped second over the valid pixels (and channels), 0..1; NaN where
        no pixel is valid or a NaN is inside. The reference itself does not have 0: state both.
    Raises InputError where the sizes of frames and motion differ.
    Source: Lai et al., Learning Blind Video Temporal Consistency, ECCV 2018, section 4.2.
    """
    same_shape(first, second)
    if first.shape[-2:] != moved.valid.shape or first.ndim not in (2, 3):
        raise InputError(f"the motion is of {moved.valid.shape} pixels, the frames are {first.shape}")
    if not moved.valid.any():
        return float("nan")
    x, y = _positions(moved.flow)
    total = 0.0
    planes = [p.reshape(-1, *moved.valid.shape) for p in (first, second)]
    for here, there in zip(*planes, strict=True):
        warped = cv2.remap(there.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        total += float(np.mean(np.square((here - warped)[moved.valid], dtype=np.float64)))
    return total / len(planes[0])


def _byte(luma: Array) -> npt.NDArray[np.uint8]:
    codes = np.rint(np.clip(np.nan_to_num(luma, nan=0.0), 0.0, 1.0) * 255.0)
    return np.asarray(codes, np.uint8)


def _positions(flow: Field) -> tuple[Field, Field]:
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width)
    y = flow[..., 1] + np.arange(height)[:, None]
    return x.astype(np.float32), y.astype(np.float32)
