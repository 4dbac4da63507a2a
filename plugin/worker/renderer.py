"""From a request to pixels: the same graph and nodes as in batch, on pictures in shared memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from interneg.errors import InputError, RecipeError, UsageError, near
from interneg.frame import Pixels
from interneg.node import Context, Node
from interneg.plugin.facts.buttons import buttons_of
from interneg.plugin.facts.files import read
from interneg.plugin.facts.own_names import joined
from interneg.plugin.machine.allocator import give_back
from interneg.plugin.worker.actions import ActionResult, perform
from interneg.plugin.worker.configs import Configs
from interneg.plugin.worker.engines import SharedEngines, WatchedEngines
from interneg.plugin.worker.looks import Looks
from interneg.plugin.worker.memory import Admission, CalledOff
from interneg.plugin.worker.placement import fitted, write
from interneg.plugin.worker.protocol import Action, Render, Request
from interneg.plugin.worker.request import PreparedRequest

log = logging.getLogger("interneg.worker")

_WORK = 4
"""What a render takes, counted in input plus output pictures: the node's planes and their copies."""

CalledOffYet = Callable[[], bool]


class Renderer:
    """All that renders share: engines, colour configurations, measurements, and the limits."""

    def __init__(self, nodes: Mapping[str, type[Node]], limit: int) -> None:
        """nodes: by name. limit: bytes of memory for pictures and measurements."""
        self._nodes = nodes
        self._engines = SharedEngines()
        self._configs = Configs()
        self._looks = Looks()
        self.admission = Admission(limit, self._configs.shrink)

    @property
    def engines(self) -> list[str]:
        """Which engines are open, and on what they run."""
        return self._engines.described

    def render(self, request: Render, views: Sequence[Pixels], called_off: CalledOffYet) -> dict[str, Any]:
        """Render into the view of the output; return the body of `done`.

        views: (H, W, C) float32, of the images. Raises InternegError, and CalledOff.
        """
        notes: dict[str, str] = {}
        node = self._node(request)
        lacks = _lacks(node, request)

        def work(prepared: PreparedRequest) -> None:
            result = prepared.graph.render(request.time)
            if request.fit:
                result = fitted(result, prepared.source.frame(request.time), prepared.mask)
            if called_off():
                raise CalledOff
            write(result, request.target, views[request.output])

        self._run(request, views, called_off, notes, work)
        # What is to be looked at, not the result, has to be seen to be that.
        aid = "" if node.shows == "result" else notes.get(node.name, "")
        message = "; ".join(filter(None, (aid, lacks)))
        return {"notes": list(notes.values())} | ({"message": message} if message else {})

    def act(self, request: Action, views: Sequence[Pixels], called_off: CalledOffYet) -> dict[str, Any]:
        """Do what a button stands for; return the body of `done`.

        views: (H, W, C) float32, one for each image that the request describes. Raises InternegError, and
        CalledOff.
        """
        notes: dict[str, str] = {}
        result = self._run(request, views, called_off, notes, lambda ready: self._act(request, ready))
        return {"knobs": result.knobs, "message": result.message, "notes": list(notes.values())}

    def _act(self, request: Action, ready: PreparedRequest) -> ActionResult:
        whole = buttons_of(type(ready.node)).get(request.action)
        if whole is not None and whole.whole_shot:
            return self._looks.see(request, ready)
        return perform(request.action, ready)

    def spaces(self, config: str | None) -> tuple[str, ...]:
        """The roles and colour spaces of a configuration. Raises as `Configs.open` does."""
        return self._configs.open(config)[0].spaces

    def forget(self) -> None:
        """Drop all measurements, and hold no memory in reserve."""
        self._configs.shrink(0)
        give_back()

    def _run(
        self,
        request: Request,
        views: Sequence[Pixels],
        called_off: CalledOffYet,
        notes: dict[str, str],
        work: Callable[[PreparedRequest], Any],
    ) -> Any:
        def tell(node: str, sentence: str) -> None:
            notes.setdefault(node, sentence)

        node = self._node(request)
        with self.admission.enter(_needed(node, request), called_off):
            colour, measured = self._configs.open(request.config)
            while True:
                engines = WatchedEngines(self._engines, called_off)
                context = Context(colour, engines, measured, tell, _read)
                try:
                    return work(PreparedRequest(node, context, request, views, called_off))
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
        return kind.with_knobs(joined(kind, request.knobs))


def _read(path: str) -> bytes:
    """The content of a file that a knob names. Raises InputError."""
    if not os.path.isabs(path):
        raise InputError(f"'{path}' is a relative path, which the worker cannot follow: give the whole path")
    return read(path)


def _lacks(node: Node, request: Request) -> str:
    """What a node goes without in a host that gives one frame at a time, in words; empty where nothing.

    Raises UsageError where it cannot go without.
    """
    if not request.alone:
        return ""
    where = "render with `interneg render`, or in a host that gives other frames, too"
    if far := [n for n in node.anchors(request.time) if n != request.time]:
        raise UsageError(
            f"this host gives one frame at a time, and the node looks at frame {far[0]}: {where}"
        )
    before, after = node.reach
    if not node.needs_neighbours:
        return ""
    return (
        f"this host gives one frame at a time; with these knobs the node looks at {before} before it and "
        f"{after} after, and does less or nothing without them: {where}"
    )


def _needed(node: Node, request: Request) -> int:
    """Roughly the bytes that a render takes: the planes of its window, its result, and the work on it."""
    return request.now.bytes * (1 + sum(node.reach) + _WORK * (1 + node.enlarges**2))
