"""The rigid motion that most of a picture agrees on, from frame to frame."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from interneg.colour import WorkingSpace
from interneg.frame import Box, Pixels
from interneg.motion.flow import flow, structure
from interneg.motion.similarity import Motion, Points, aspect_of, points, squared
from interneg.node import View

# OpenCV is imported where it is used: what only lists nodes never loads it.

# Motion is refined on a reduction of so many pixels or fewer, and first fitted to every fourth flow vector.
_LARGEST, _EVERY = 1024, 4
# The fit: its rounds, and the pixels of disagreement that its tolerance narrows to.
_ROUNDS, _FINEST = 12, 0.15
# The refinement: the pixels of disagreement with the fit at which a place counts a quarter, the most steps,
# and the step, in pixels of the reduction, that ends it.
_STRAY, _STEPS, _SETTLED = 1.0, 5, 0.01
# Frames less correlated than this have nothing in common; nor have those less than the second in which the
# motion is trusted in less than that share of the picture: there is always a little that fits by chance.
_ALIKE, _ALIKE_IN_LITTLE, _LITTLE = 0.2, 0.7, 0.015
# Detail is what differs from the mean of so many pixels around.
_AROUND = 25
# How many frames a flash may last that hides how the picture moves meanwhile.
_FLASH = 3
_NONE_KNOWN: Mapping[int, Motion | None] = MappingProxyType({})


def level_of(size: tuple[int, ...]) -> int:
    """The pyramid level at which motion is refined: the first that is 1024 pixels or fewer across.

    size: of the picture in pixels, (H, W). Returns how many times the picture is halved, 0 or more.
    """
    return max(0, int(np.ceil(np.log2(max(size) / _LARGEST))))


def track(
    view: View, box: Box | None = None, known: Mapping[int, Motion | None] = _NONE_KNOWN
) -> dict[int, Motion]:
    """Where what the window's own frame shows lies in each frame of the window, by offset.

    Frames that are only repeated at an end of the shot are left out. box: see `rigid`. known: the motions to
    some frames from the ones before them, by offset, where better ones than `step` are known.
    Returns {offset: motion}, offsets rising; the motion at 0 is none. Costs one measurement per new pair of
    neighbours. Raises InputError where frames differ in size or have an impossible pixel aspect.
    """
    frames, centre = view.window.frames, view.window.centre
    found = {0: Motion()}
    for o in range(len(frames) - centre - 1):
        if frames[centre + o + 1].number == frames[centre + o].number:
            break
        found[o + 1] = (known.get(o + 1) or step(view, o + 1, box)).after(found[o])
    for o in range(0, -centre, -1):
        if frames[centre + o - 1].number == frames[centre + o].number:
            break
        found[o - 1] = (known.get(o) or step(view, o, box)).inverse.after(found[o])
    return dict(sorted(found.items()))


def step(view: View, offset: int, box: Box | None = None) -> Motion:
    """Where what the frame before the one at `offset` shows lies in that one.

    Where these have nothing in common, as in a flash or on a frame that is torn, it is the even part of the
    motion between the nearest frames on both sides of it, in the window, that have. box: see `rigid`.
    """
    found = agreed(view, offset - 1, offset, box)
    if found is not None:
        return found
    numbers, centre = [f.number for f in view.window.frames], view.window.centre
    for apart in range(2, _FLASH + 2):
        for first in range(offset - apart, offset):
            seen = numbers[max(0, first + centre) : first + centre + apart + 1]
            if first + centre < 0 or len(set(seen)) <= apart:
                continue
            over = agreed(view, first, first + apart, box)
            if over is not None:
                return over.times(1 / apart)
    return Motion()


def rigid(view: View, first: int, second: int, box: Box | None = None) -> Motion:
    """Where what the frame at offset `first` shows lies in the one at `second`: what most of it agrees on.

    box: the only part of the picture that is looked at, in pixels from its top left corner; a part tells a
    shift and nothing more. Frames that have nothing in common have not moved.
    Returns the motion in full-size square pixels, see `Motion`, to some hundredths of one. Measured on luma
    in LOG_Y, where NaN and inf are filled from the pixels around; once per pair. Raises InputError where the
    frames differ in size or have an impossible pixel aspect. (Robust parametric motion: Odobez and Bouthemy,
    1995.)
    """
    return agreed(view, first, second, box) or Motion()


def agreed(view: View, first: int, second: int, box: Box | None = None) -> Motion | None:
    """As `rigid`; None where the frames have nothing in common: black, white, nothing but grain."""
    name = f"rigid 2 {box} {aspect_of(view, first)}"
    motion: Motion | None = view.measure(name, lambda: _agreed(view, first, second, box), first, second)
    return motion


def _agreed(view: View, first: int, second: int, box: Box | None) -> Motion | None:
    height, width = view.planes(first, WorkingSpace.LOG_Y).shape[1:]
    aspect = aspect_of(view, first)
    size = squared((height, width), aspect)
    level = level_of((height, width) if box is None else (box.height, box.width))
    seen = flow(view, first, second, level + 1)
    rows, columns = seen.confidence.shape
    z = points(rows, columns, size)
    moved = aspect * seen.field[..., 0] + 1j * seen.field[..., 1]
    trust, looked_at = seen.confidence, seen.confidence.size
    if box is not None:
        x, y = z.real / aspect + width / 2, z.imag + height / 2
        inside = (x >= box.x0) & (x < box.x1) & (y >= box.y0) & (y < box.y1)
        trust, looked_at = trust * inside, int(inside.sum())
    every = _EVERY if box is None else 1
    sparse = np.s_[::every, ::every]
    motion = fit(z[sparse].ravel(), moved[sparse].ravel(), trust[sparse].ravel(), box is None)
    if motion is None:
        return None
    trust = trust / np.square(1 + np.square(np.abs(motion(z) - z - moved) / _STRAY))
    little = float(trust.sum()) < _LITTLE * looked_at
    a, b = (structure(view, o, level) for o in (first, second))
    return _refined(motion, a, b, trust, size, box is None, _ALIKE_IN_LITTLE if little else _ALIKE)


def fit(z: Points, moved: Points, trust: Pixels, turns: bool = True) -> Motion | None:
    """The motion that most of `trust` agrees on; None where there is no trust.

    z, moved: (N,) complex, the points and how far each has moved. trust: (N,), 0..1; all are finite. turns:
    whether to look for more than a shift.
    Reweighted least squares, ever less tolerant of what differs (Geman and McClure's weights, annealed: Black
    and Rangarajan, 1996).
    """
    good = trust > 0
    if good.sum() < 3:
        return None
    z, moved, trust = z[good], moved[good], trust[good]
    shift = complex(np.median(moved.real), np.median(moved.imag))
    left = np.abs(moved - shift)
    motion, scale = Motion(1, shift), max(2 * float(np.median(left)), _FINEST)
    for _ in range(_ROUNDS):
        weights = trust / np.square(1 + np.square(left / scale))
        weights /= weights.sum()
        middle, mean = (weights * z).sum(), (weights * moved).sum()
        apart = z - middle
        spread = (weights * np.square(np.abs(apart))).sum()
        turned = (weights * (moved - mean) * np.conj(apart)).sum()
        rate = turned / spread if turns and spread > 0 else 0
        motion = Motion(complex(1 + rate), complex(mean - rate * middle))
        left = np.abs(motion(z) - z - moved)
        scale = max(0.6 * scale, _FINEST)
    return motion


def _detail(structure: npt.NDArray[np.uint8]) -> Pixels:
    """Structure less its mean around, which knows the edges of the picture and would hold it back."""
    import cv2

    plain = structure.astype(np.float32)
    return np.asarray(plain - cv2.blur(plain, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT))


def _refined(
    motion: Motion,
    a: npt.NDArray[np.uint8],
    b: npt.NDArray[np.uint8],
    trust: Pixels,
    size: tuple[float, float],
    turns: bool,
    alike: float,
) -> Motion | None:
    """The motion to a few hundredths of a pixel, from the brightness itself; None where it explains nothing.

    a, b: the structure of both frames, reductions of pictures of `size`, see `squared`. trust: what may be
    looked at. alike: how much both have to correlate. Gauss-Newton steps on the mean of both gradients
    (Malis, 2004); pixels that differ weigh less.
    """
    import cv2

    height, width = a.shape
    unit = size[1] / width, size[0] / height
    z = points(height, width, size)
    trust = cv2.resize(trust, (width, height), interpolation=cv2.INTER_LINEAR)
    first, second = _detail(a), _detail(b)
    for _ in range(_STEPS):
        at = motion(z)
        x = ((at.real + size[1] / 2) / unit[0] - 0.5).astype(np.float32)
        y = ((at.imag + size[0] / 2) / unit[1] - 0.5).astype(np.float32)
        seen = cv2.remap(second, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        error, mean = first - seen, (first + seen) / 2
        weights = trust * ((x >= 1) & (y >= 1) & (x <= width - 2) & (y <= height - 2))
        looked_at = weights > 0.1
        if not looked_at.any():
            return None
        scale = max(1.5 * float(np.median(np.abs(error[looked_at]))), 1)
        weights /= np.square(1 + np.square(error / scale))
        gx = cv2.Sobel(mean, cv2.CV_32F, 1, 0, scale=1 / 8) / np.float32(unit[0])
        gy = cv2.Sobel(mean, cv2.CV_32F, 0, 1, scale=1 / 8) / np.float32(unit[1])
        slopes = [gx, gy]
        if turns:
            slopes += [gx * z.real + gy * z.imag, gy * z.real - gx * z.imag]
        rows = np.stack([s.ravel() for s in slopes]).astype(np.float64)
        weighted = rows * weights.ravel()
        # By einsum, whose result does not depend on the number of threads.
        normal = np.einsum("in,jn->ij", weighted, rows)
        step = np.linalg.lstsq(normal, np.einsum("in,n->i", weighted, error.ravel()), rcond=1e-10)[0]
        shift, rate = complex(step[0], step[1]), complex(step[2], step[3]) if turns else 0
        motion = motion.after(Motion(1 + rate, shift))
        if abs(shift) + abs(rate) * max(size) / 2 < _SETTLED * unit[0]:
            break
    common = (trust * first * seen).sum()
    alone = np.sqrt((trust * first * first).sum() * (trust * seen * seen).sum())
    return motion if common > alike * alone else None
