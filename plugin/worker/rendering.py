"""From a request to pixels: the same graph and nodes as in batch, on pictures in shared memory."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache, partial
from typing import Any

import msgspec
import numpy as np

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.engine import Engine
from interneg.engines.source import Engines
from interneg.errors import InputError, RecipeError, UsageError, near
from interneg.frame import Box, Frame, Pixels
from interneg.graph import Graph, handles
from interneg.node import Context, Node
from interneg.plugin.batch.files import read
from interneg.plugin.worker.memory import Admission, CalledOff, Measurements, give_back
from interneg.plugin.worker.protocol import Action, Image, Render, Request
from interneg.processor import cores

log = logging.getLogger("interneg.worker")

_CONFIGS = 2
"""Colour configurations that are kept open, each with the measurements made in it."""

_BAND = 64
"""Rows that are copied at a time."""

_WORK = 4
"""What a render takes, counted in input plus output pictures: the node's planes and their copies."""

CalledOffYet = Callable[[], bool]


class Renderer:
    """All that renders share: engines, colour configurations, measurements, and the limits."""

    def __init__(self, nodes: Mapping[str, type[Node]], limit: int) -> None:
        """nodes: by name. limit: bytes of memory for pictures and measurements."""
        self._nodes = nodes
        self._engines = _Shared()
        self._config = lru_cache(_CONFIGS)(_Config)
        self._lock = threading.Lock()
        self._measured: list[Measurements] = []
        self.admission = Admission(limit, self._make_room)

    @property
    def engines(self) -> list[str]:
        """Which engines are open, and on what they run."""
        return self._engines.described

    def render(self, request: Render, views: Sequence[Pixels], called_off: CalledOffYet) -> dict[str, Any]:
        """Render into the view of the output; return the body of `done`.

        views: (H, W, C) float32, of the images. Raises InternegError, and CalledOff.
        """
        notes: dict[str, str] = {}

        def work(job: Job) -> None:
            result = job.graph.render(request.time)
            if request.fit:
                result = fitted(result, job.source.frame(request.time), job.mask)
            if called_off():
                raise CalledOff
            write(result, request.target, views[request.output])

        self._run(request, views, called_off, notes, work)
        return {"notes": list(notes.values())}

    def act(self, request: Action, views: Sequence[Pixels], called_off: CalledOffYet) -> dict[str, Any]:
        """Do what a button stands for; return the body of `done`. Raises InternegError, and CalledOff."""
        from interneg.plugin.worker.actions import perform

        notes: dict[str, str] = {}
        outcome = self._run(request, views, called_off, notes, lambda job: perform(request.action, job))
        return {"knobs": outcome.knobs, "message": outcome.message, "notes": list(notes.values())}

    def forget(self) -> None:
        """Drop all measurements, and hold no memory in reserve."""
        self._make_room(0)
        give_back()

    def _run(
        self,
        request: Request,
        views: Sequence[Pixels],
        called_off: CalledOffYet,
        notes: dict[str, str],
        work: Callable[[Job], Any],
    ) -> Any:
        def tell(node: str, sentence: str) -> None:
            notes.setdefault(node, sentence)

        node = self._node(request)
        with self.admission.enter(_needed(node, request), called_off):
            colour, measured = self._colour(request.config)
            while True:
                context = Context(colour, _Watched(self._engines, called_off), measured, tell, _read)
                try:
                    return work(Job(node, context, request, views, called_off))
                except CalledOff:
                    # A measurement that several renders waited for ends with the one that was at it.
                    if called_off():
                        raise

    def _node(self, request: Request) -> Node:
        kind = self._nodes.get(request.node)
        if kind is None:
            raise RecipeError(
                f"there is no node '{request.node}'{near(request.node, self._nodes)}; known are "
                f"{', '.join(self._nodes)}"
            )
        return kind.with_knobs(request.knobs)

    def _colour(self, config: str | None) -> tuple[Colour, Measurements]:
        source = _source(config)
        with self._lock:
            found: _Config = self._config(source, _stamp(source))
            if found.measurements not in self._measured:
                self._measured = [*self._measured, found.measurements][-_CONFIGS:]
            return found.colour, found.measurements

    def _make_room(self, left: int) -> None:
        with self._lock:
            for measurements in self._measured:
                measurements.shrink(left // len(self._measured))


class Job:
    """One request, made ready: the node, its graph, and the frames as it sees them."""

    def __init__(
        self,
        node: Node,
        context: Context,
        request: Request,
        views: Sequence[Pixels],
        called_off: CalledOffYet,
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
        self.mask = mask = reference = None
        if request.mask is not None:
            self.mask = placed(framed(request.mask, request.time, mask=True), now)
            mask = Still(self.mask)
        if request.reference is not None:
            reference = Still(framed(request.reference, request.time))
        self.graph = Graph([node], self.source, context, mask=mask, reference=reference)


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
    there too. In the place of a frame that it did not give stands the nearest one towards the request's time.
    All frames have the data window of the one at that time.
    """

    def __init__(
        self,
        request: Request,
        frame: Callable[[int, int, str], Frame],
        reach: tuple[int, int],
        called_off: CalledOffYet,
    ) -> None:
        self._time = request.time
        self._shown = {shown.number: shown for shown in request.frames}
        self._frame = frame
        self._called_off = called_off
        first = max(min(request.first, request.time), request.time - reach[0])
        last = min(max(request.last, request.time), request.time + reach[1])
        far = {n for n in self._shown if request.first <= n <= request.last}
        self.numbers: Sequence[int] = sorted({*range(first, last + 1), *far})
        self._now: Frame | None = None

    def frame(self, number: int) -> Frame:
        """The frame of that number. Raises CalledOff where nobody waits for the result any more."""
        if self._called_off():
            raise CalledOff
        step = 1 if number < self._time else -1
        shown = next(self._shown[n] for n in range(number, self._time + step, step) if n in self._shown)
        if number == self._time and self._now is not None:
            return self._now
        frame = self._frame(shown.image, shown.number, shown.digest)
        if number == self._time:
            self._now = frame
            return frame
        return placed(frame, self.frame(self._time))


class Still:
    """One frame for every time."""

    def __init__(self, frame: Frame) -> None:
        self.numbers: Sequence[int] = ()
        self._frame = frame

    def frame(self, number: int) -> Frame:
        """The frame."""
        return self._frame


class _Config:
    """A colour configuration and the measurements made in it, which know colour spaces by name alone."""

    def __init__(self, source: str, stamp: tuple[int, ...]) -> None:
        """stamp: tells one state of its file from the next."""
        self.colour = Colour(source)
        self.measurements = Measurements()


def _source(config: str | None) -> str:
    """What to open where a host names `config`; where that is not known, the worker's own $OCIO counts.

    Raises UsageError for a relative path: the worker is not where the host is.
    """
    named = os.environ.get("OCIO", "") if config is None else config
    # MLT sets $OCIO to ocio://ocio://default where it is not set.
    source = named.replace("ocio://ocio://", "ocio://") or BUILT_IN
    if not (source.startswith("ocio://") or os.path.isabs(source)):
        raise UsageError(
            f"the OCIO configuration '{source}' is a relative path, which the worker cannot follow: give the "
            "whole path in $OCIO"
        )
    return source


def _stamp(source: str) -> tuple[int, ...]:
    """What differs once a configuration's file was written anew; empty for what is no file."""
    try:
        facts = os.stat(source)
    except OSError:
        return ()
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _read(path: str) -> bytes:
    """The content of a file that a knob names. Raises InputError."""
    if not os.path.isabs(path):
        raise InputError(f"'{path}' is a relative path, which the worker cannot follow: give the whole path")
    return read(path)


class _Shared:
    """The engines of the process, made when the first is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engines: Engines | None = None
        self._described: dict[str, str] = {}

    @property
    def described(self) -> list[str]:
        return list(self._described.values())

    def open(self, model: str) -> Engine:
        with self._lock:
            self._engines = self._engines or Engines()
        engine = self._engines.open(model)
        if model not in self._described:
            self._described[model] = self._engines.describe(model)
        return engine


class _Watched:
    """Engines for one request, which is ended here once its host has hung up."""

    def __init__(self, engines: _Shared, called_off: CalledOffYet) -> None:
        self._engines, self._called_off = engines, called_off

    def open(self, model: str) -> Engine:
        if self._called_off():
            raise CalledOff
        return self._engines.open(model)


def placed(frame: Frame, other: Frame) -> Frame:
    """The frame with the data window of another one: what it does not have is 0, as hosts have it."""
    box, own = other.data_window, frame.data_window
    if box == own:
        return frame
    pixels = np.zeros((box.height, box.width, len(frame.channels)), np.float32).transpose(2, 0, 1)
    copy_common(frame.pixels, own, pixels, box)
    return frame.with_pixels(pixels, data_window=box)


def fitted(result: Frame, given: Frame, mask: Frame | None) -> Frame:
    """The result at the size of what it was made from, for hosts in which the two may not differ.

    Each pixel of R, G, B or Y is the mean of those that stand for it, which never rings and keeps NaN and inf
    to themselves. Where the mask is 0, and in all other channels, the given pixels come through bit for bit.
    """
    scale = result.width // given.width
    if scale == 1:
        return result
    pixels = given.pixels.copy(order="K")
    for i in given.colour_channels:
        blocks = result.pixels[i].reshape(given.height, scale, given.width, scale)
        pixels[i] = blocks.mean(axis=(1, 3), dtype=np.float32)
    planes = list(given.colour_channels)
    keep = ~np.isfinite(given.pixels[planes]).all(axis=0)
    if mask is not None:
        amount = mask.pixels[mask.channels.index("A") if "A" in mask.channels else 0]
        keep |= ~(amount > 0)
    for i in planes:
        pixels[i][keep] = given.pixels[i][keep]
    return given.with_pixels(pixels)


def write(result: Frame, image: Image, view: Pixels) -> None:
    """Put the part of a result that an image shows into its memory; the rest becomes 0.

    view: (H, W, C) float32.
    """
    box = Box(image.x, image.y, image.x + image.width, image.y + image.height)
    window = result.data_window
    if not (window.x0 <= box.x0 and window.y0 <= box.y0 and window.x1 >= box.x1 and window.y1 >= box.y1):
        view[:] = 0
    copy_common(result.pixels[: len(image.channels)], window, view.transpose(2, 0, 1), box)


def copy_common(source: Pixels, window: Box, target: Pixels, box: Box) -> None:
    """Copy what two (C, H, W) pictures with these windows have in common from one to the other."""
    x0, x1 = max(window.x0, box.x0), min(window.x1, box.x1)
    y0, y1 = max(window.y0, box.y0), min(window.y1, box.y1)

    def copy(top: int) -> None:
        bottom = min(top + _BAND, y1)
        target[:, top - box.y0 : bottom - box.y0, x0 - box.x0 : x1 - box.x0] = source[
            :, top - window.y0 : bottom - window.y0, x0 - window.x0 : x1 - window.x0
        ]

    if x0 < x1:
        for _ in _copiers().map(copy, range(y0, y1, _BAND)):
            pass


@cache
def _copiers() -> ThreadPoolExecutor:
    """One core alone does not fill the memory's bandwidth."""
    return ThreadPoolExecutor(min(4, cores()), "interneg-copy")


def _needed(node: Node, request: Request) -> int:
    """Roughly the bytes that a render takes: the planes of its window, its result, and the work on it."""
    return request.now.bytes * (1 + sum(node.reach) + _WORK * (1 + node.enlarges**2))


def _know(frame: Frame, digest: str, image: Image) -> None:
    """Let the frame be known by the host's digest, so that its pixels need not be hashed again."""
    facts = digest.encode() + msgspec.json.encode((image, frame.channels))
    frame.__dict__["digest"] = hashlib.sha256(facts).digest()
