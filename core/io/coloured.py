"""Whether a clip of image files has colour, where one of its frames has none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from interneg.errors import InputError
from interneg.frame import Frame, colour_planes
from interneg.io.clip import Clip
from interneg.io.image_reader import read_channels

__all__ = ["in_colour_of"]

_THREADS, _AT_ONCE = 4, 64
"""Threads that look at headers, and headers between two looks at what they say."""


def in_colour_of(clip: Clip, frame: Frame) -> Frame:
    """A frame of a clip itself, or where it is grey the nearest one that has R, G and B, if there is any.

    Headers are read, from the frame outwards, until one has colour; what cannot be read is passed over.
    """
    if len(frame.colour_channels) != 1 or clip.is_movie:
        return frame
    near = sorted(clip.numbers, key=lambda n: abs(n - frame.number))

    def has_colour(number: int) -> bool:
        path = clip.path_of(number)
        with suppress(InputError):
            return path is not None and len(colour_planes(read_channels(path))) == 3
        return False

    with ThreadPoolExecutor(_THREADS) as pool:
        for at in range(0, len(near), _AT_ONCE):
            few = near[at : at + _AT_ONCE]
            for number, colour in zip(few, pool.map(has_colour, few), strict=True):
                if colour:
                    with suppress(InputError):
                        return clip.read(number)
    return frame
