"""Which grain a node is told of: that of the plate itself, of a reference plate, of a file or of a stock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from interneg.colour import WorkingSpace
from interneg.errors import InputError
from interneg.frame import Frame, Window
from interneg.grain.measure import measure, profile_of
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import profile
from interneg.node import View

USUAL = 24.9
"""The width in mm that a picture is taken to show of film where nothing says so: full-aperture 35 mm."""


def of_plate(view: View, width: float) -> GrainProfile:
    """The grain of the window's own frame, measured in it alone, as a frame beside it may not be there.

    width: of the film that the picture shows, in mm. Raises InputError as `measure` does.
    """

    def found() -> GrainProfile:
        measured = measure([view.planes(0, WorkingSpace.LOG_RGB)])
        frame = view.window.frame
        space, across = frame.colour_space, frame.display_window.width
        return profile_of(measured, view.context.colour, space, "the plate", "film", width, across)

    frame = view.window.frame
    key = "grain of plate 1", width, view.unpremultiply, frame.digest, frame.colour_space
    made: GrainProfile = view.context.measurements.get(key, found)
    return made


def profile_in(content: bytes, name: str, width: float) -> GrainProfile:
    """The profile that a file holds. Raises InputError where it is none.

    name: of the file; a .tbl is a table of AV1 film grain. width: of the film that a picture shows, in mm,
    where the file does not say it.
    """
    return profile(content, name)


def reference_view(view: View, node: str, alike: bool = False) -> View:
    """The frame of the reference plate, seen as the view sees its own frame.

    alike: whether it is to be the same picture, and is brought into the colour space and onto the data window
    of the own frame, with those beside it. Raises InputError where there is none, or it is no such picture.
    """
    plate, frame = view.window.reference, view.window.frame
    if plate is None:
        raise InputError(
            f"{node} needs a plate as reference for frame {frame.number}: give it with --reference (in a "
            "host: connect the Reference input)"
        )
    if not plate.colour_channels:
        raise InputError(
            f"{node}: the reference has no picture, R, G, B or Y, but {', '.join(plate.channels)}"
        )
    if not alike:
        return replace(view, window=Window((plate,), 0), amount=1.0, made={})
    plates = view.once("plates", lambda: tuple(_brought(p, view, node) for p in view.window.references))
    return replace(view, window=Window(plates, view.window.centre), amount=1.0, made={})


def _brought(plate: Frame, view: View, node: str) -> Frame:
    """A plate with its colour alone, in the space of the view's own frame, on its data window."""
    frame = view.window.frame
    if plate.display_window != frame.display_window:
        here, there = frame.display_window, plate.display_window
        raise InputError(
            f"{node}: the reference is {there.width}x{there.height}, the picture {here.width}x{here.height}; "
            "to restore its grain it has to be the plate that the picture was made from"
        )
    own = [frame.channels[c] for c in frame.colour_channels]
    on = plate.on(frame)
    colour = on.pixels[list(on.colour_channels)]
    if len(colour) != len(own):
        raise InputError(
            f"{node}: the reference has {len(colour)} colour channel{'s' * (len(colour) > 1)}, the picture "
            f"{len(own)} ({', '.join(own)}); to restore its grain it has to be the plate that it was made "
            "from"
        )
    if plate.colour_space != frame.colour_space:
        colour = view.context.colour.transform(plate.colour_space, frame.colour_space)(colour)
    names, alpha = tuple("RGB") if len(colour) == 3 else ("Y",), "A" in on.channels
    if alpha:  # what colour is divided by
        colour = np.concatenate([colour, on.pixels[on.channels.index("A")][None]])
    return replace(
        on, pixels=colour, channels=(*names, *"A" * alpha), colour_space=frame.colour_space, parts=(),
        depth=(on.depth[0],) * len(colour),
    )  # fmt: skip
