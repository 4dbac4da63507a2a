"""Which grain a node is told of: that of the plate itself, of a reference plate, of a file or of a stock."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Window
from interneg.grain.av1 import Encode
from interneg.grain.av1_profile import profile_from_table
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import profile
from interneg.grain.shot import beside, seen
from interneg.node import View

USUAL = 24.9
"""The width in mm that a picture is taken to show of film where nothing says so: full-aperture 35 mm."""


def of_plate(view: View, width: float) -> GrainProfile:
    """The grain of the window's own frame, measured with the frames beside it where the window has them.

    width: of the film that the picture shows, in mm. Where it cannot be measured there is none, and the user
    is told why.
    """
    frame = view.window.frame

    def found() -> GrainProfile:
        try:
            return replace(seen(view, width).profile, name="the plate")
        except InputError as error:
            view.context.tell(
                "grain-match",
                f"no grain is measured in frame {frame.number}, so none is removed or laid on: {error}",
            )
            return none(len(frame.colour_channels), width, frame.display_window.width)

    name = f"grain of plate 1 {width} {view.unpremultiply}"
    made: GrainProfile = view.measure(name, found, *beside(view))
    return made


def none(channels: int, width: float, pixels: int) -> GrainProfile:
    """No grain, of a picture of 1 or 3 channels; width, pixels: as `GrainProfile` has them."""
    levels = np.tile(np.array([0.0, 1.0], np.float32), (channels, 1))
    return GrainProfile(
        "no grain", "film", ("R", "G", "B") if channels == 3 else ("Y",), levels, 0 * levels,
        np.array([0.0, pixels / width], np.float32), np.ones_like(levels),
        np.eye(channels, dtype=np.float32), 0.0, width, pixels,
    )  # fmt: skip


def profile_in(view: View, file: str, width: float) -> GrainProfile:
    """The profile that a file holds: NAME.grain.toml, or a table of AV1 film grain, NAME.tbl.

    width: of the film that the picture shows, in mm; a table says neither that nor the colour space, and is
    taken to be for pictures like the window's own frame. Raises InputError where the file is none of both.
    """
    content = view.context.read(file)
    if not file.casefold().endswith(".tbl"):
        return profile(content, file)
    colour, frame = view.context.colour, view.window.frame
    encode = Encode(colour, video_space(colour, frame.colour_space))
    across = frame.display_window.width
    key = "grain of table 1", hashlib.sha256(content).digest(), encode.space, width, across
    made: GrainProfile = view.context.measurements.get(
        key, lambda: profile_from_table(content, file, encode, width, across)
    )
    return made


def video_space(colour: Colour, space: str) -> str:
    """The space itself, or of light the configuration's space for video and stills."""
    light = colour.encoding(space) in ("scene-linear", "display-linear")
    return colour.first(["texture_paint", "color_picking"]) if light else space


def reference_view(view: View, node: str, alike: bool = False) -> View:
    """The reference plate over the window, seen as the view sees its own frames.

    alike: whether it is to be the same picture, and is brought into the colour space and onto the data window
    of the own frame. Raises InputError where there is none, or it is no such picture.
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
    plates = view.window.references
    if alike:
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
