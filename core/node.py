"""Node: what every node shares, so that a node's own file holds its knobs and its idea.

The base class enters and leaves the working space, keeps NaN and inf from neighbours, bypasses at strength
0, mixes by strength and mask, and carries alpha, AOVs, windows and metadata through.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.colour.working import to_luma, to_rgb
from interneg.curve import Curve
from interneg.engine import EngineSource
from interneg.errors import InputError, KnobError, near
from interneg.frame import Box, Frame, Pixels, Window
from interneg.knobs import Value, knob, knobs_of
from interneg.memo import Memo
from interneg.nonfinite import fill, nonfinite
from interneg.premult import coverage, unpremultiplied
from interneg.resize import enlarge, layer

log = logging.getLogger("interneg")


def _no_files(path: str) -> bytes:
    raise InputError(f"{path} cannot be read: nothing here opens files")


@dataclass(frozen=True)
class Context:
    """What a node may use while it renders.

    tell: takes what a node has found out, in a sentence; of each node the first is shown to the user.
    read: the content of a file that a knob names; nodes open none themselves.
    """

    colour: Colour
    engines: EngineSource
    measurements: Memo
    tell: Callable[[str, str], None] = lambda node, sentence: None
    read: Callable[[str], bytes] = _no_files


@dataclass(frozen=True)
class View:
    """The window of one render, seen in the node's working space.

    amount: strength times mask: how much of the result is used, one number, or (H, W) float32 at the size of
    the result, 0..1.
    """

    window: Window
    space: WorkingSpace
    context: Context
    unpremultiply: bool = True
    amount: float | Pixels = 1.0

    def planes(self, offset: int = 0, space: WorkingSpace | None = None) -> Pixels:
        """The colour planes of the frame `offset` frames away, free of NaN and inf.

        space: another working space than the node's own, to measure in. (C, H, W) float32: R, G, B; or Y, Cb,
        Cr; or the one plane of a grey picture. Entered once per frame and space.
        """
        frame = self.window.frames[self.window.centre + offset]
        space = space or self.space

        def enter() -> Pixels:
            colour = frame.pixels[_span(frame.colour_channels)]
            bad = nonfinite(colour)
            if bad is not None:
                colour = fill(colour, bad)
            cover = coverage(frame) if self.unpremultiply else None
            if cover is not None:
                colour = unpremultiplied(colour, cover)
            return self.context.colour.enter(colour, frame.colour_space, space)

        planes: Pixels = self.measure(f"planes {space} {self.unpremultiply}", enter, offset)
        return planes

    def measure(self, name: str, compute: Callable[[], Any], *offsets: int) -> Any:
        """Return `compute()`, done once for the frames at `offsets`, however many windows they are seen in.

        name: says what is measured and every setting it depends on. The result must depend on nothing but
        `name` and the content of those frames.
        """
        if len(self.window.frames) == 1:  # seen once: nothing to gain from remembering
            return compute()
        frames = [self.window.frames[self.window.centre + o] for o in offsets]
        key = (name, *((f.digest, f.colour_space) for f in frames))
        return self.context.measurements.get(key, compute)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A restoration node; its fields are its knobs, in a recipe some of them curves (see `at`).

    A subclass states the class facts, its knobs, and `process`.
    mixes: whether the base class mixes the result with the input, by strength and mask; a node that moves
    pixels would leave a ghost that way, and moves them by less instead (`View.amount`).
    reference: whether the node looks at a reference plate.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    version: ClassVar[int]
    working_space: ClassVar[WorkingSpace]
    layers: ClassVar[str]
    mixes: ClassVar[bool] = True
    reference: ClassVar[bool] = False

    strength: float = knob(
        1.0, "float", "Strength",
        "How much of the result is used; 0 passes the input through bit for bit, at its own size.",
        hard=(0.0, 1.0),
    )  # fmt: skip
    synthesis: bool = knob(
        False, "bool", "Write synthesis AOV",
        "Adds a channel 'synthesis': the difference between the result and the untreated input at each "
        "pixel, in the units of the node's working space.", animatable=False,
    )  # fmt: skip

    unpremultiply: bool = knob(
        True, "bool", "Unpremultiply",
        "Divides colour by alpha before the node and multiplies it by alpha again after, so that soft edges "
        "keep their colour. Pictures without alpha, or with unassociated alpha, need none and get none.",
        animatable=False,
    )  # fmt: skip

    def __post_init__(self) -> None:
        for name, declared in knobs_of(type(self)).items():
            object.__setattr__(self, name, declared.parse(f"{self.name}.{name}", getattr(self, name)))

    @classmethod
    def with_knobs(cls, values: Mapping[str, object]) -> Self:
        """Make a node from knob values as a recipe or a command line gives them.

        Raises KnobError for an unknown knob (naming near ones) and for a value that does not fit.
        """
        known = knobs_of(cls)
        for name in values:
            if name not in known:
                names = ", ".join(known)
                raise KnobError(
                    f"node '{cls.name}' has no knob '{name}'{near(name, known)}; its knobs: {names}"
                )
        return cls(**values)  # type: ignore[arg-type]

    @property
    def knobs(self) -> dict[str, Value]:
        """The value of each knob."""
        return {name: getattr(self, name) for name in knobs_of(type(self))}

    def at(self, number: int) -> Self:
        """The node as it is in the frame of that number: what renders, with a number for each curve.

        Raises KnobError where a curve leaves the limits of its knob, and where a strength of 0 would pass a
        frame at another size than its neighbours have.
        """
        values: dict[str, Any] = {
            name: value.at(number) for name, value in self.knobs.items() if isinstance(value, Curve)
        }
        if not values:
            return self
        node = dataclasses.replace(self, **values)
        if node.strength == 0 and self.enlarges > 1:
            raise KnobError(
                f"{self.name}.strength is 0 in frame {number}, which would be smaller than the others: keep "
                "it above 0 where the picture is enlarged"
            )
        return node

    @property
    def reach(self) -> tuple[int, int]:
        """How many frames before and after its own time the node looks at."""
        return (0, 0)

    def anchors(self, number: int) -> tuple[int, ...]:
        """The numbers of further frames that the node looks at to render the frame of that number."""
        return ()

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
        if self.strength == 0:
            return frame
        if not frame.colour_channels:
            raise InputError(
                f"frame {frame.number} has no picture to treat: {self.name} needs R, G, B or Y, "
                f"not {', '.join(frame.channels)}"
            )
        span, scale = _span(frame.colour_channels), self.enlarges
        source = frame.pixels[span]
        bad = nonfinite(source)
        if bad is not None:
            log.warning("frame %d: %d pixels are NaN or inf and stay as they are", frame.number, bad.sum())
        amount = self._amount(frame, mask)

        view = View(window, self.working_space, context, self.unpremultiply, amount)
        cover = coverage(frame) if self.unpremultiply else None
        planes = self.process(view)
        result = self._canvas(view)
        # Colour is written where it belongs in the file's own order: at 1080p a copy costs as much as OCIO.
        treated = result[span]
        if isinstance(span, list):
            treated = context.colour.leave(planes, frame.colour_space, self.working_space)
        else:
            context.colour.leave(planes, frame.colour_space, self.working_space, out=treated)
        if cover is not None:
            treated *= layer(cover, "A", "float", scale)
        if isinstance(span, list):
            result[span] = treated
        partial = not isinstance(amount, float) or (amount != 1 and self.mixes)
        if partial or bad is not None:
            plain = source if scale == 1 else self._enlarged(source, frame.colour_space, bad, cover, context)
            share = amount if self.mixes else np.asarray(np.greater(amount, 0), np.float32)
            mixed = _mix(plain, treated, share)
            if bad is not None:
                marked, *kept = (self.carry(view, p, "", "uint32") for p in (bad.astype(np.float32), *source))
                mixed = np.where(marked > 0, np.stack(kept), mixed)
            result[span] = mixed
        done = frame.with_pixels(
            result,
            data_window=frame.data_window.scaled(scale),
            display_window=frame.display_window.scaled(scale),
            parts=self._parts(view, mask),
        )
        return (
            _with_synthesis(done, planes, view.planes(), amount, self.working_space)
            if self.synthesis
            else done
        )

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
                count = len(window.frames)
                same = Window(frames[:count], window.centre, anchors=frames[count:])
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

    def _amount(self, frame: Frame, mask: Frame | None) -> float | Pixels:
        if mask is None:
            return self.strength
        plane = mask.pixels[mask.channels.index("A") if "A" in mask.channels else 0]
        if plane.shape != (frame.height, frame.width):
            raise InputError(
                f"the mask of frame {frame.number} is {plane.shape[1]}x{plane.shape[0]}, the picture "
                f"{frame.width}x{frame.height}: a mask has the size of the picture it masks"
            )
        large = plane.repeat(self.enlarges, 0).repeat(self.enlarges, 1)
        share = np.clip(np.where(np.isfinite(large), large, 0), 0, 1)
        return np.asarray(share * np.float32(self.strength), np.float32)

    def _enlarged(
        self, source: Pixels, space: str, bad: Any, cover: Pixels | None, context: Context
    ) -> Pixels:
        """The input enlarged without treatment, NaN and inf in the block of their own pixel."""
        clean = source if bad is None else fill(source, bad)
        if cover is not None:
            clean = unpremultiplied(clean, cover)
        log_luma = self.working_space is WorkingSpace.LOG_Y
        working = WorkingSpace.LOG_RGB if log_luma else self.working_space
        codes = context.colour.enter(clean, space, working)
        large = enlarge(codes, self.enlarges)
        plain = context.colour.leave(large, space, working)
        if cover is not None:
            plain *= layer(cover, "A", "float", self.enlarges)
        if bad is None:
            return plain
        return np.where(
            bad.repeat(self.enlarges, 0).repeat(self.enlarges, 1),
            source.repeat(self.enlarges, 1).repeat(self.enlarges, 2),
            plain,
        )

    def _canvas(self, view: View) -> Pixels:
        """All planes of the result, interleaved as files have them, with alpha and AOVs drawn in."""
        frame, scale = view.window.frame, self.enlarges
        shape = (frame.height * scale, frame.width * scale, len(frame.channels))
        pixels = np.empty(shape, np.float32).transpose(2, 0, 1)
        for i in sorted(set(range(len(frame.channels))) - set(frame.colour_channels)):
            pixels[i] = self.carry(view, frame.pixels[i], frame.channels[i], frame.depth[i])
        return pixels


def _span(channels: tuple[int, ...]) -> slice | list[int]:
    """Index the planes of `channels` as a view where they lie side by side in order."""
    first = channels[0]
    if channels == tuple(range(first, first + len(channels))):
        return slice(first, first + len(channels))
    return list(channels)


def _mix(plain: Pixels, treated: Pixels, amount: float | Pixels) -> Pixels:
    with np.errstate(invalid="ignore"):
        mixed = np.where(amount == np.float32(1), treated, plain + amount * (treated - plain))
    return np.where(amount == np.float32(0), plain, mixed).astype(np.float32, copy=False)


def _with_synthesis(
    frame: Frame, planes: Pixels, given: Pixels, amount: float | Pixels, space: WorkingSpace
) -> Frame:
    """Add the mean distance of the treated planes from the given ones as an AOV."""
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
    if "synthesis" in frame.channels:
        raise InputError(
            f"frame {frame.number} already has a channel 'synthesis': rename it or switch the AOV off"
        )
    return frame.with_pixels(
        np.concatenate([frame.pixels, moved[None]]),
        channels=(*frame.channels, "synthesis"),
        depth=(*frame.depth, frame.depth[frame.colour_channels[0]]),
    )


def enlarged(frame: Frame, scale: int) -> Frame:
    """A frame of alpha or AOVs (a mask, a further part of a file) at `scale` times its size; see `layer`."""
    if scale == 1:
        return frame
    planes = [layer(*facts, scale) for facts in zip(frame.pixels, frame.channels, frame.depth, strict=True)]
    return dataclasses.replace(
        frame,
        pixels=np.stack(planes),
        data_window=Box.scaled(frame.data_window, scale),
        display_window=Box.scaled(frame.display_window, scale),
    )
