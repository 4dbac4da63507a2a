"""Mixing: the treated picture and the untouched one, put together by strength and mask, and what goes along.

All planes are (C, H, W) float32 in the file's own colour space, unless a function says otherwise.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.colour.working import to_luma, to_rgb
from interneg.errors import InputError
from interneg.frame import Box, Frame, Mask, Pixels
from interneg.nonfinite import fill
from interneg.premult import unpremultiplied
from interneg.resize import enlarge, layer


def amount_of(frame: Frame, mask: Frame | None, strength: float, scale: int) -> float | Pixels:
    """Return how much of the result is used: `strength` alone, or times the mask.

    (H, W) * scale, float32, 0..1, where there is a mask: its A or else first channel, limited to 0..1, NaN
    and inf being 0. Raises InputError where mask and picture differ in size.
    """
    if mask is None:
        return strength
    plane = mask.pixels[mask.channels.index("A") if "A" in mask.channels else 0]
    if plane.shape != (frame.height, frame.width):
        raise InputError(
            f"the mask of frame {frame.number} is {plane.shape[1]}x{plane.shape[0]}, the picture "
            f"{frame.width}x{frame.height}: a mask has the size of the picture it masks"
        )
    large = plane.repeat(scale, 0).repeat(scale, 1)
    share = np.clip(np.where(np.isfinite(large), large, 0), 0, 1)
    return np.asarray(share * np.float32(strength), np.float32)


def mixed(plain: Pixels, treated: Pixels, amount: float | Pixels) -> Pixels:
    """Return `plain` where `amount` is 0, `treated` where it is 1, both bit for bit, else a mixture.

    plain, treated: (C, H, W) float32, any range. amount: 0..1, one number or (H, W) float32. NaN and inf of
    either stay out of pixels that take nothing of it.
    """
    share = np.broadcast_to(np.asarray(amount, np.float32), plain.shape[1:])
    made = np.where(share == 1, treated, plain).astype(np.float32, copy=False)
    between = (share > 0) & (share < 1)
    if between.any():
        a, b = plain[:, between], treated[:, between]
        with np.errstate(invalid="ignore"):
            made[:, between] = a + share[between] * (b - a)
    return made


def enlarged_colour(
    source: Pixels,
    bad: Mask | None,
    cover: Pixels | None,
    scale: int,
    colour: Colour,
    colour_space: str,
    space: WorkingSpace,
) -> Pixels:
    """Return the colour planes of the input at `scale` times their size, without treatment.

    source: (C, H, W) float32, R, G, B or grey, in `colour_space`. bad: (H, W) or as source, where it is NaN
    or inf; that stays in the block of its own pixel. cover: (H, W), the alpha that colour is divided by
    meanwhile, if any. space: the node's working space; luma is enlarged as R, G, B.
    """
    clean = source if bad is None else fill(source, bad)
    if cover is not None:
        clean = unpremultiplied(clean, cover)
    working = WorkingSpace.LOG_RGB if space is WorkingSpace.LOG_Y else space
    large = enlarge(colour.enter(clean, colour_space, working), scale)
    plain = colour.leave(large, colour_space, working)
    if cover is not None:
        plain *= layer(cover, "A", "float", scale)
    if bad is None:
        return plain
    return np.where(bad.repeat(scale, 0).repeat(scale, 1), source.repeat(scale, 1).repeat(scale, 2), plain)


def with_synthesis(
    frame: Frame, planes: Pixels, given: Pixels, amount: float | Pixels, space: WorkingSpace
) -> Frame:
    """Return the frame with a further channel, the mean distance of the treated planes from the given ones.

    planes: (C, H * scale, W * scale) and given: (C, H, W) float32, finite, in the working space `space`; the
    given ones are enlarged to the size of the treated ones. The channel is in units of that space, times
    `amount`, 0..1, one number or a plane of the large size. Raises InputError where the frame has a
    'synthesis' already.
    """
    scale = planes.shape[1] // given.shape[1]
    plain = given
    if scale > 1:
        coloured = space is WorkingSpace.LOG_Y and len(given) == 3
        source = given.copy()
        if coloured:
            to_rgb(source)
        plain = enlarge(source, scale)
        if coloured:
            to_luma(plain)
    moved = np.asarray(np.abs(planes - plain).mean(axis=0) * amount, np.float32)
    return with_aov(frame, "synthesis", moved)


def with_aov(frame: Frame, name: str, plane: Pixels) -> Frame:
    """Return the frame with a further channel, (H, W) float32, stored as its colour is.

    Raises InputError where the frame has a channel of that name already.
    """
    if name in frame.channels:
        raise InputError(
            f"frame {frame.number} already has a channel '{name}': rename it or switch the AOV off"
        )
    return frame.with_pixels(
        np.concatenate([frame.pixels, plane[None]]),
        channels=(*frame.channels, name),
        depth=(*frame.depth, frame.depth[frame.colour_channels[0]]),
    )


def enlarged(frame: Frame, scale: int) -> Frame:
    """Return a frame of alpha or AOVs (a mask, a further part of a file) at `scale` times its size.

    See `resize.layer` for how each kind of channel is enlarged.
    """
    if scale == 1:
        return frame
    planes = [layer(*facts, scale) for facts in zip(frame.pixels, frame.channels, frame.depth, strict=True)]
    return dataclasses.replace(
        frame,
        pixels=np.stack(planes),
        data_window=Box.scaled(frame.data_window, scale),
        display_window=Box.scaled(frame.display_window, scale),
    )
