"""A frame averaged with its neighbours in time, along the motion, as far as they show the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.motion.flow import flow, moved
from interneg.node import View
from interneg.nonfinite import nonfinite

# OpenCV is imported where it is used: what only lists nodes never loads it.

_PATCH = 1.5
# What noise alone shows in the calmest quarter of a picture.
_QUARTER = 0.7
# Of the difference as it is, and blurred: how many times louder correlated noise may be than white, how far
# noise strays by chance, and how strictly what is beyond counts.
_SHARP, _SOFT = (4.0, 1.1, 2.0), (8.0, 2.0, 0.5)
# Interpolation leaves half of a neighbour's noise: less than this share of what is expected is no chance.
_STILL = 0.4
_KERNEL = 7
_FAINT = 0.01
_LEAST = np.float32(1e-9)


def averaged(
    view: View, count: int, deviations: Callable[[int], tuple[Pixels, Pixels]]
) -> tuple[Pixels, Pixels]:
    """Average the window's frame with the others of its window.

    count: how many of the planes of the node's working space to average; the first is luma. deviations: of
    the noise of luma and of colour that the frame at an offset has where it shows what this one shows, (H, W)
    or (1, 1) float32 each. Returns the planes, (count, H, W) float32, in the units of the working space, and
    the deviations of the noise left in them, (2, H, W). Where no other frame shows the same, both are the
    frame's own. Raises InputError where frames differ in size or channels.

    Each other frame is brought onto this one by its `flow`, and counts at each pixel by the confidence of the
    flow and by how little the two differ around it beyond their noise, as it is and blurred: noise averages
    out, a displaced edge does not. Noise that stands still from frame to frame, as a codec leaves it, is not
    taken for less than it was. (Weighing frames by their noise: Boulanger et al., Space-time adaptation for
    patch-based image sequence restoration, 2007.)
    """
    own, here = view.planes()[:count], np.square(deviations(0))
    total, weights = own.copy(), np.ones(own.shape[1:], np.float32)
    still, loose = weights.copy(), np.zeros((2, *weights.shape), np.float32)
    for offset in _others(view):
        there = np.square(deviations(offset))
        other, weight, same = _brought(view, offset, own, here + there)
        total += weight * other
        weights += weight
        still += weight * same
        loose += np.square(weight) * (1 - np.square(same)) * there
    variance = np.square(still) * here + loose
    total /= weights
    return total, np.asarray(np.sqrt(variance) / weights, np.float32)


def _others(view: View) -> Iterator[int]:
    """The offsets of the other frames, near ones first, each content once: a repeat has the same noise."""
    frames, centre = view.window.frames, view.window.centre
    seen = {frames[centre].digest}
    for offset in sorted(range(-centre, len(frames) - centre), key=abs):
        digest = frames[centre + offset].digest
        if digest not in seen:
            seen.add(digest)
            yield offset


def _brought(view: View, offset: int, own: Pixels, expected: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """Another frame's planes brought onto `own`, how much they count, and how much of the noise is the same.

    expected: (2, H, W), the variance of the difference of the two if they show the same.
    """
    import cv2

    frame, planes = view.window.frames[view.window.centre + offset], view.planes(offset)
    if len(planes) < len(own):
        raise InputError(
            f"frame {frame.number} has {len(planes)} colour channels, frame {view.window.frame.number} has "
            f"{len(own)}: within a shot all frames have the same"
        )
    motion = flow(view, 0, offset)
    interleaved = np.ascontiguousarray(planes[: len(own)].transpose(1, 2, 0))
    other = moved(interleaved, motion.field, cv2.INTER_CUBIC).reshape(interleaved.shape).transpose(2, 0, 1)
    difference = np.subtract(other, own, order="C")
    kinds = [(difference[:1], expected[0]), (difference[1:], expected[1])][: len(own)]
    weight, ratio = motion.confidence.copy(), np.zeros_like(motion.confidence)
    for apart, variance in kinds:
        sharp, soft = _ratios(apart, variance + _LEAST)
        weight *= _trust(sharp, *_SHARP) * _trust(soft, *_SOFT)
        ratio += sharp * np.float32(len(apart) / len(own))
    bad = view.measure("nonfinite", lambda: nonfinite(frame.pixels[list(frame.colour_channels)]), offset)
    if bad is not None:
        near = cv2.dilate(bad.astype(np.float32), np.ones((_KERNEL, _KERNEL), np.uint8))
        weight[moved(near, motion.field) > 0] = 0
    weight[weight < _FAINT] = 0
    return other, weight, np.clip(1 - ratio / np.float32(_STILL), 0, 1)


def _ratios(apart: Pixels, variance: Pixels) -> tuple[Pixels, Pixels]:
    """What differs, as it is and blurred, squared and over what noise alone would be, in each patch."""
    sharp = np.square(apart).mean(axis=0) / variance
    soft = np.mean([np.square(_blurred(plane)) for plane in apart], axis=0) / variance
    # White noise loses all but 1 / (4 pi sigma**2) of its variance in a Gaussian blur.
    return _blurred(sharp), _blurred(soft * np.float32(4 * np.pi * _PATCH**2))


def _trust(ratio: Pixels, loudest: float, stray: float, strict: float) -> Pixels:
    """1 where the ratio is that of noise, falling to 0 where it is more.

    What the calmest quarter of the picture shows is noise, if correlated noise can be so loud.
    """
    alone = np.clip(np.quantile(ratio[::4, ::4], 0.25) / _QUARTER, 1, loudest)
    excess = np.maximum(ratio / np.float32(alone) - np.float32(stray), 0)
    return np.asarray(np.exp(np.float32(-strict) * excess), np.float32)


def _blurred(plane: Pixels) -> Pixels:
    import cv2

    return np.asarray(cv2.GaussianBlur(plane, (0, 0), _PATCH), np.float32)
