"""A request made ready: the pictures that the host gave, as the frames that a graph asks for."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from interneg.frame import Box, Frame, Pixels
from interneg.graph import Graph, handles
from interneg.node import Context, Node
from interneg.plugin.worker.memory import CalledOff
from interneg.plugin.worker.placement import placed
from interneg.plugin.worker.protocol import Image, Request


class PreparedRequest:
    """One request made ready to be answered.

    node, context: what to render with. time: the frame. source: the frames that the host gave. mask: placed
    over the frame at `time`, None where there is none. graph: renders the node over all of them.
    """

    def __init__(
        self,
        node: Node,
        context: Context,
        request: Request,
        views: Sequence[Pixels],
        called_off: Callable[[], bool],
    ) -> None:
        self.node, self.context, self.time = node, context, request.time
        space = context.colour.resolve(request.space)
        if context.colour.is_data(space):
            context.tell(
                "input space", f"the input space '{space}' is one of data: its values are taken as they are"
            )
        framed = partial(_framed, request, views, space)
        self.source = Given(request, framed, handles([node]), called_off)
        now = self.source.frame(request.time)
        self.mask = mask = reference = matte = None
        if request.mask is not None:
            self.mask = placed(framed(request.mask, request.time, mask=True), now)
            mask = Still(self.mask)
        if request.reference is not None:
            plates = {s.number: framed(s.image, s.number, s.digest) for s in request.references}
            reference = Held(plates | {request.time: framed(request.reference, request.time)})
        if request.matte is not None:
            matte = Still(placed(framed(request.matte, request.time, mask=True), now))
        self.graph = Graph([node], self.source, context, mask=mask, reference=reference, matte=matte)


def _framed(
    request: Request,
    views: Sequence[Pixels],
    space: str,
    index: int,
    number: int,
    digest: str = "",
    mask: bool = False,
) -> Frame:
    """The frame that an image of the request is. space: resolved. mask: whether it is to be one."""
    image = request.images[index]
    frame = Frame.of(
        views[index].transpose(2, 0, 1),
        # A matte is a picture too where it is all there is.
        "Y" if image.channels == "A" and not mask else image.channels,
        data_window=Box(image.x, image.y, image.x + image.width, image.y + image.height),
        display_window=Box(0, 0, *request.format),
        colour_space=space,
        pixel_aspect=request.aspect,
        number=number,
        metadata={} if request.premultiplied else {"oiio:UnassociatedAlpha": 1},
    )
    if digest:
        _know(frame, digest, image)
    return frame


class Given:
    """The frames that the host gave, as a graph's source.

    They go as far as the node and the detection of cuts look, within the clip; what the host gave beyond is
    there too. In the place of a frame that it did not give another one stands still, see `_held`. All frames
    have the data window of the one at that time.
    """

    def __init__(
        self,
        request: Request,
        frame: Callable[[int, int, str], Frame],
        reach: tuple[int, int],
        called_off: Callable[[], bool],
    ) -> None:
        self._time = request.time
        self._shown = {shown.number: shown for shown in request.frames}
        self._frame = frame
        self._called_off = called_off
        first = max(min(request.first, request.time), request.time - reach[0])
        last = min(max(request.last, request.time), request.time + reach[1])
        self._around = sorted(n for n in self._shown if first <= n <= last)
        far = {n for n in self._shown if request.first <= n <= request.last}
        self.numbers: Sequence[int] = sorted({*range(first, last + 1), *far})
        self._now: Frame | None = None

    def frame(self, number: int) -> Frame:
        """The frame of that number. Raises CalledOff where nobody waits for the result any more."""
        if self._called_off():
            raise CalledOff
        if number == self._time and self._now is not None:
            return self._now
        shown = self._shown.get(number) or self._shown[_held(number, self._around)]
        frame = self._frame(shown.image, number, shown.digest)
        if number == self._time:
            self._now = frame
            return frame
        return placed(frame, self.frame(self._time))


class Held:
    """Some frames as a source: for a time that none of them has, what `_held` says."""

    def __init__(self, frames: Mapping[int, Frame]) -> None:
        self.numbers: Sequence[int] = sorted(frames)
        self._frames = frames

    def frame(self, number: int) -> Frame:
        """The frame of that number, or the one that stands in its place."""
        return self._frames[_held(number, self.numbers)]


class Still:
    """One frame for every time."""

    def __init__(self, frame: Frame) -> None:
        self.numbers: Sequence[int] = ()
        self._frame = frame

    def frame(self, number: int) -> Frame:
        """The frame."""
        return self._frame


def _held(number: int, there: Sequence[int]) -> int:
    """Which frame stands in the place of one: itself, else the nearest earlier one, else the next later one.

    As with `interneg render --missing hold`. there: numbers, rising, at least one.
    """
    return there[max(bisect_right(there, number) - 1, 0)]


def _know(frame: Frame, digest: str, image: Image) -> None:
    """Let the frame be known by the host's digest, so that its pixels need not be hashed again."""
    facts = digest.encode() + msgspec.json.encode((image, frame.channels))
    frame.__dict__["digest"] = hashlib.sha256(facts).digest()
