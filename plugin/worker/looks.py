"""A whole shot analysed for a host, which gives its frames one after the other.

Each request measures one frame, and that of the last frame solves. What was measured is kept on the disk, so
that a look that was cancelled, or whose worker ended, costs only what was not yet measured.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interneg.errors import UsageError
from interneg.graph import Graph, needed
from interneg.home import data_folder
from interneg.node import Node
from interneg.plugin.facts.files import with_content
from interneg.plugin.noted.records import NotedFrame, NotedFrames
from interneg.plugin.noted.watched import watched
from interneg.plugin.worker.actions import ActionResult, written
from interneg.plugin.worker.protocol import Action
from interneg.plugin.worker.request import PreparedRequest
from interneg.recipe import Recipe

_MOST = 32
"""Looks that are remembered at once."""

_KEPT = 10
"""Shots whose measurements are kept on the disk."""


@dataclass
class _Look:
    """One look at a shot: where its measurements are kept, and the key of each frame that was seen."""

    folder: Path
    keys: dict[int, str] = field(default_factory=dict)


class Looks:
    """The looks at shots that are under way; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: OrderedDict[str, _Look] = OrderedDict()

    def see(self, request: Action, ready: PreparedRequest) -> ActionResult:
        """Measure the frame of a request, and solve the shot where it is its last one.

        Raises UsageError where the node has nothing to solve as it is set, where the host gives one frame at
        a time, and where frames of this look were not seen by this worker; and what the node raises.
        """
        if not request.shot:
            raise UsageError("a button that looks at every frame needs `shot`, the name of this look")
        node, knob = _solvable(ready.node)
        if request.alone:
            raise UsageError(
                "this host gives one frame at a time, and an analysis looks at every frame: use `interneg "
                "analyse`, and name its file in the knob"
            )
        facts = with_content(Recipe((node.as_analysed(),))).identity
        look = self._look(request, facts, ready)
        found: dict[int, Any] = {}
        graph = Graph([watched(node, found)], ready.source, ready.context)
        records = NotedFrames(look.folder, type(node))
        key = _key(request, facts, node, ready)
        if records.key(request.time) != key:
            graph.render(request.time)
            noted = NotedFrame(key, graph.starts(request.time), found[request.time])
            records.keep(request.time, noted)
        look.keys[request.time] = key
        if request.time != request.last:
            return ActionResult("")
        return self._solved(request, node, knob, records, look.keys)

    def _look(self, request: Action, facts: str, ready: PreparedRequest) -> _Look:
        """The look that the request is a part of, which begins with the first frame."""
        name = str(request.shot)
        with self._lock:
            look = self._under_way.get(name)
            if look is None:
                first = ready.source.frame(request.time).digest.hex()
                parts = (facts, request.space, request.format, request.first, request.last, first)
                folder = _folder() / hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
                look = self._under_way[name] = _Look(folder)
                _prune(_folder())
            self._under_way.move_to_end(name)
            while len(self._under_way) > _MOST:
                self._under_way.popitem(last=False)
            return look

    def _solved(
        self, request: Action, node: Node, knob: str, records: NotedFrames, keys: Mapping[int, str]
    ) -> ActionResult:
        shot = range(request.first, request.last + 1)
        found = {n: record for n in shot if (record := records.record(n, keys.get(n, ""))) is not None}
        if len(found) < len(shot):
            raise UsageError(
                "the worker ended while it looked at this shot: press the button again, which goes on with "
                "what was measured"
            )
        with self._lock:
            self._under_way.pop(str(request.shot), None)
        assert node.analysis is not None
        made = node.analysis({n: record.noted for n, record in found.items()})
        files = {node.analysis.ending: made.text.encode(), **made.beside}
        file = written(f"{node.name}-{request.first}-{request.last}", files)
        told = [f"Frames {request.first}-{request.last} are analysed: {file}", *made.report]
        return ActionResult("\n".join(told), {knob: str(file)})


def _solvable(node: Node) -> tuple[Node, str]:
    """The node without files of its own, and the knob that takes the file of its analysis.

    Raises UsageError where there is none, as it is set.
    """
    from interneg.knobs import knobs_of

    files = {name: "" for name, declared in knobs_of(type(node)).items() if declared.kind == "file"}
    bare = type(node).with_knobs({**node.knobs, **files})
    if node.analysis is None or not bare.solved_by:
        raise UsageError(
            f"{node.name} has nothing to analyse as it is set: `interneg nodes {node.name}` says what its "
            "knobs do"
        )
    return bare, bare.solved_by


def _key(request: Action, facts: str, node: Node, ready: PreparedRequest) -> str:
    """By what the record of a frame is known: the node, its colour, and all frames that its window shows."""
    around = sorted(needed([node], request.time))
    digests = [ready.source.frame(n).digest.hex() for n in around if n in ready.source.numbers]
    parts = (facts, request.space, ready.context.colour.identity, digests)
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


def _folder() -> Path:
    """Where measurements are kept. Raises OutputError where the user has no home."""
    return data_folder() / "measured"


def _prune(folder: Path) -> None:
    """Remove the measurements of all shots but those that were looked at last."""
    with suppress(OSError):
        oldest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for shot in oldest[_KEPT:]:
            shutil.rmtree(shot, ignore_errors=True)
