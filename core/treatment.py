"""Treatment: the way of one frame through a node, around what the node itself does.

Into the working space and out of it, strength and mask, NaN and inf, alpha and AOVs, further parts of the
file: what holds for every node stands here, once.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

import numpy as np

from interneg.colour import WorkingSpace
from interneg.errors import InputError
from interneg.frame import Frame, Mask, Pixels, Window
from interneg.mixing import amount_of, enlarged, enlarged_colour, mixed, with_aov, with_synthesis
from interneg.nonfinite import nonfinite
from interneg.premult import coverage
from interneg.resize import layer
from interneg.view import Context, View, span


class Treatment:
    """What a node does to a frame. A subclass states the facts and `process`, and overrides what differs.

    mixes: whether the result is mixed with the input, by strength and mask; a node that moves pixels would
    leave a ghost that way, and moves them by less instead (`View.amount`).
    sparse: whether pixels that `process` returns as it got them are those of the input, bit for bit: for a
    node that changes few.
    reference: whether the node looks at a reference plate. matted: whether it can take a matte.
    strength, synthesis, unpremultiply: see the knobs of `Node`.
    """

    name: ClassVar[str]
    working_space: ClassVar[WorkingSpace]
    mixes: ClassVar[bool] = True
    sparse: ClassVar[bool] = False
    reference: ClassVar[bool] = False
    matted: ClassVar[bool] = False

    strength: float
    synthesis: bool
    unpremultiply: bool

    @property
    def reach(self) -> tuple[int, int]:
        """How many frames before and after its own time the node looks at."""
        return (0, 0)

    def anchors(self, number: int) -> tuple[int, ...]:
        """The numbers of further frames that the node looks at to render the frame of that number."""
        return ()

    @property
    def needs_neighbours(self) -> bool:
        """Whether the result is another one without the frames that the node reaches, with these knobs."""
        return any(self.reach)

    @property
    def shows(self) -> Literal["result", "aid", "data"]:
        """What `process` returns: the result; or what is to be looked at, in its place.

        Strength and mask have no part in an aid, other than that `process` may use `View.amount`. Data are no
        colours either, and are taken as they are.
        """
        return "result"

    @property
    def bypassed(self) -> bool:
        """Whether the input passes through and nothing else is asked for: at a strength of 0."""
        return self.strength == 0

    @property
    def uses_matte(self) -> bool:
        """Whether the node looks at the matte with these knobs."""
        return self.matted

    @property
    def uses_reference(self) -> bool:
        """Whether the node looks at the reference plate with these knobs."""
        return self.reference

    @property
    def divides(self) -> bool:
        """Whether colour is divided by alpha: not where alpha is something else than coverage."""
        return self.unpremultiply

    @property
    def enlarges(self) -> int:
        """How many output pixels stand beside one input pixel, in each direction."""
        return 1

    @property
    def models(self) -> tuple[str, ...]:
        """The catalogue models the node needs with these knobs."""
        return ()

    def process(self, view: View) -> Pixels:
        """Return the treated colour planes of the window's own frame, in the working space.

        (C, H * enlarges, W * enlarges) float32, planes as `view.planes()` gives them. Pure: read-only
        inputs, no files, no clock, no unseeded randomness.
        """
        raise NotImplementedError

    def originals(self, view: View, planes: Pixels) -> tuple[Mask, Pixels] | None:
        """Where the result is what another frame has, bit for bit: (H, W) bool, and that frame's colour.

        planes: what `process` returned. The colour is (C, H, W) float32 in the space of the window's own
        frame. None where it is so nowhere. Of a node that does not enlarge.
        """
        return None

    def synthesis_unit(self, view: View) -> float:
        """Return what the synthesis AOV is divided by: 1 leaves it in units of the working space."""
        return 1.0

    def aovs(self, view: View) -> dict[str, Pixels]:
        """Return further channels by name, (H, W) * enlarges float32, that knobs with `aov` ask for."""
        return {}

    def carry(self, view: View, plane: Pixels, channel: str, depth: str) -> Pixels:
        """Return one (H, W) plane that is not treated, as it stands beside the result: alpha or an AOV.

        channel: its name in the frame, or "" for one that is not in it. depth: how it was stored; identifiers
        ("uint32") are never mixed. (H, W) * enlarges, float32.
        """
        return layer(plane, channel, depth, self.enlarges)

    def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
        """Render one frame: the node's whole contract around `process`.

        mask: optional; its A or else first channel, limited to 0..1, NaN and inf being 0, says per pixel of
        the input how much of the result is used. Where it is 0 the pixels of the input come through bit for
        bit (enlarged, where the node enlarges). Raises InputError where there is no picture, or mask and
        picture differ in size.
        """
        frame = window.frame
        if self.bypassed:
            return frame
        for seen in (frame, *window.frames, *window.anchors):
            if not seen.colour_channels:
                raise InputError(
                    f"frame {seen.number} has no picture to treat: {self.name} needs R, G, B or Y, "
                    f"not {', '.join(seen.channels)}"
                )
            if len(seen.colour_channels) != len(frame.colour_channels):
                raise InputError(
                    f"frame {seen.number} has {len(seen.colour_channels)} colour channels, frame "
                    f"{frame.number} has {len(frame.colour_channels)}: bring them to one kind first"
                )
        colours, scale = span(frame.colour_channels), self.enlarges
        source = frame.pixels[colours]
        bad = nonfinite(source)
        if bad is not None:
            context.nonfinite(frame.number, int(bad.sum()))
        amount = amount_of(frame, mask, self.strength, scale)

        view = View(window, self.working_space, context, self.divides, amount)
        cover = coverage(frame) if self.divides else None
        planes = self.process(view)
        data = self.shows == "data"
        if self.shows != "result":
            amount = 1.0
        if data:
            bad = cover = None
        originals = self.originals(view, planes)
        if self.sparse and not data:
            changed = (planes != view.planes()).any(axis=0)
            if originals is not None:
                changed |= originals[0]
            amount = np.asarray(np.where(changed, amount, 0), np.float32)
        result = self._canvas(view)
        # Colour is written where it belongs in the file's own order: at 1080p a copy costs as much as OCIO.
        treated = result[colours]
        if data:
            treated[...] = planes
        elif isinstance(colours, list):
            treated = context.colour.leave(planes, frame.colour_space, self.working_space)
        else:
            context.colour.leave(planes, frame.colour_space, self.working_space, out=treated)
        if cover is not None:
            treated *= layer(cover, "A", "float", scale)
        if originals is not None:
            treated[:, originals[0]] = originals[1][:, originals[0]]
        if isinstance(colours, list):
            result[colours] = treated
        partial = not isinstance(amount, float) or (amount != 1 and self.mixes)
        if partial or bad is not None:
            plain = source
            if scale > 1:
                plain = enlarged_colour(
                    source, bad, cover, scale, context.colour, frame.colour_space, self.working_space
                )
            share = amount if self.mixes else np.asarray(np.greater(amount, 0), np.float32)
            blend = mixed(plain, treated, share)
            if bad is not None:
                marked, *kept = (self.carry(view, p, "", "uint32") for p in (bad.astype(np.float32), *source))
                blend = np.where(marked > 0, np.stack(kept), blend)
            result[colours] = blend
        done = frame.with_pixels(
            result,
            data_window=frame.data_window.scaled(scale),
            display_window=frame.display_window.scaled(scale),
            parts=self._parts(view, mask),
        )
        if self.synthesis:
            share = amount / self.synthesis_unit(view)
            done = with_synthesis(done, planes, view.planes(), share, self.working_space)
        for name, plane in self.aovs(view).items():
            done = with_aov(done, name, plane)
        return done

    def _parts(self, view: View, mask: Frame | None) -> tuple[Frame, ...]:
        """The further parts of the file: another eye's picture is treated, alpha and AOVs are carried."""
        window = view.window
        done, around = [], window.frames + window.anchors
        for i, part in enumerate(window.frame.parts):
            others = [f.parts[i : i + 1] for f in around]
            if part.colour_channels and all(others):
                fits = mask is not None and mask.pixels.shape[1:] == part.pixels.shape[1:]
                space = window.frame.colour_space
                frames = tuple(
                    dataclasses.replace(o[0], colour_space=space, number=f.number, parts=())
                    for o, f in zip(others, around, strict=True)
                )
                count, plates = len(window.frames), [f.parts[i : i + 1] for f in window.references]
                seen = tuple(
                    dataclasses.replace(p[0], colour_space=f.colour_space, number=f.number, parts=())
                    for p, f in zip(plates, window.references, strict=True)
                    if p
                )
                references = seen if len(seen) == len(plates) else ()
                same = Window(frames[:count], window.centre, references, window.matte, frames[count:])
                done.append(self.render(same, view.context, mask if fits else None))
            else:
                done.append(self._carried(view, part))
        return tuple(done)

    def _carried(self, view: View, part: Frame) -> Frame:
        """A part of alpha or AOVs as it stands beside the result."""
        if self.mixes or part.pixels.shape[1:] != view.window.frame.pixels.shape[1:]:
            return enlarged(part, self.enlarges)
        planes = zip(part.pixels, part.channels, part.depth, strict=True)
        return part.with_pixels(np.stack([self.carry(view, *facts) for facts in planes]))

    def _canvas(self, view: View) -> Pixels:
        """All planes of the result, interleaved as files have them, with alpha and AOVs drawn in."""
        frame, scale = view.window.frame, self.enlarges
        shape = (frame.height * scale, frame.width * scale, len(frame.channels))
        pixels = np.empty(shape, np.float32).transpose(2, 0, 1)
        for i in sorted(set(range(len(frame.channels))) - set(frame.colour_channels)):
            pixels[i] = self.carry(view, frame.pixels[i], frame.channels[i], frame.depth[i])
        return pixels
