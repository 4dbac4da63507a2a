"""A frame averaged with its neighbours in time, along the motion, as far as they show the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.motion.calm import calmed
from interneg.motion.flow import Looked, flow, moved
from interneg.motion.likeness import evened, likeness, standing
from interneg.node import View
from interneg.nonfinite import nonfinite

# OpenCV is imported where it is used: what only lists nodes never loads it.

_KERNEL = 7
# A network told of noise that changes within a few pixels draws a line there.
_SMOOTH = 4.0
_LEAST = np.float32(1e-12)

Each = Callable[[int, Pixels, Pixels], None]
"""Is given the offset of another frame, its planes brought onto the frame, and how much they count."""


def averaged(
    view: View,
    count: int,
    deviations: Callable[[int], tuple[Pixels, Pixels]],
    looked: Looked,
    each: Each = lambda offset, planes, weight: None,
) -> tuple[Pixels, Pixels]:
    """Average the window's frame with the others of its window.

    count: how many of the planes of the node's working space to average; the first is luma. deviations: of
    the noise of luma and of colour that the frame at an offset has where it shows what this one shows, (H, W)
    or (1, 1) float32 each. looked: the frames with their noise removed, by which motion and likeness are
    judged, of as many planes. each: is called with every other frame, its (count, H, W) planes and its (H, W)
    weight of 0..1, which it must not change. Returns the planes, (count, H, W) float32, in the units of the
    working space, and the deviations of the noise left in them, (2, H, W). Where no other frame shows the
    same, both are the frame's own. Raises InputError where frames differ in size or channels.

    Each other frame is brought onto this one by its `flow`, in flat parts by that of around (`calmed`), less
    a difference of exposure (`evened`), and counts at each pixel by how alike the two are (`likeness`). Noise
    that stands still from frame to frame, as a codec leaves it, is not taken for less than it was. (Weighing
    frames by their noise: Boulanger et al., Space-time adaptation for patch-based image sequence restoration,
    2007; judging by a first estimate: Dabov et al., Video denoising by sparse 3D transform-domain
    collaborative filtering, 2007.)
    """
    import cv2

    own, here = view.planes()[:count], np.square(deviations(0))
    total, weights = own.copy(), np.ones(own.shape[1:], np.float32)
    still, loose = weights.copy(), np.zeros((2, *weights.shape), np.float32)
    for offset in _others(view):
        there = np.square(deviations(offset))
        other, weight, same = _brought(view, offset, own, here, there, looked)
        each(offset, other, weight)
        total += weight * other
        weights += weight
        still += weight * same
        loose += np.square(weight) * (1 - np.square(same)) * there
    variance = np.square(still) * here + loose
    total /= weights
    if weights.max() == 1:
        return total, np.sqrt(variance)
    shares = np.sqrt(variance / (here + _LEAST)) / weights
    smooth = [cv2.GaussianBlur(share, (0, 0), _SMOOTH) for share in shares]
    return total, np.asarray(np.sqrt(here) * smooth, np.float32)


def _others(view: View) -> Iterator[int]:
    """The offsets of the other frames, near ones first, each content once: a repeat has the same noise."""
    frames, centre = view.window.frames, view.window.centre
    seen = {frames[centre].digest}
    for offset in sorted(range(-centre, len(frames) - centre), key=abs):
        digest = frames[centre + offset].digest
        if digest not in seen:
            seen.add(digest)
            yield offset


def _brought_along(planes: Pixels, field: Pixels) -> Pixels:
    """(C, H, W) planes as seen from the first frame."""
    import cv2

    interleaved = np.ascontiguousarray(planes.transpose(1, 2, 0))
    seen = moved(interleaved, field, cv2.INTER_CUBIC).reshape(interleaved.shape)
    return np.ascontiguousarray(seen.transpose(2, 0, 1))


def _brought(
    view: View, offset: int, own: Pixels, here: Pixels, there: Pixels, looked: Looked
) -> tuple[Pixels, Pixels, Pixels]:
    """Another frame's planes brought onto `own`, how much they count, and how much of the noise is the same.

    here, there: (2, H, W) or (2, 1, 1), the variances of the noise of luma and of colour in the two.
    """
    import cv2

    frame, planes = view.window.frames[view.window.centre + offset], view.planes(offset)
    count = len(own)
    if len(planes) < count:
        raise InputError(
            f"frame {frame.number} has {len(planes)} colour channels, frame {view.window.frame.number} has "
            f"{count}: within a shot all frames have the same"
        )
    motion = flow(view, 0, offset, looked=looked)
    first, second = (looked.planes(o)[:count] for o in (0, offset))
    motion = calmed(motion, first[0], here[0])
    other, clean = (_brought_along(p, motion.field) for p in (planes[:count], second))
    removed = own - first, other - clean
    level = evened(clean - first, motion.confidence, here)
    other -= level
    clean -= level
    weight = motion.confidence * likeness(other - own, clean - first, here + there, removed[0], here)
    same = standing(other - own, removed, here + there)
    bad = view.measure("nonfinite", lambda: nonfinite(frame.pixels[list(frame.colour_channels)]), offset)
    if bad is not None:
        near = cv2.dilate(bad.astype(np.float32), np.ones((_KERNEL, _KERNEL), np.uint8))
        weight[moved(near, motion.field) > 0] = 0
    return other, weight, same
