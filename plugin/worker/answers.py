"""What the worker answers: a frame rendered, a button's result, a fault, how the worker stands."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import interneg
from interneg.plugin.worker.protocol import Action, Render

if TYPE_CHECKING:
    from interneg.frame import Pixels
    from interneg.node import Node
    from interneg.plugin.worker.renderer import Renderer

# numpy, colour and engines are imported by the first render: a host waits for the welcome.


class Answers:
    """The bodies of answers; safe to use from several threads.

    rendered: the frames rendered so far.
    """

    def __init__(self, nodes: Mapping[str, type[Node]] | None, memory: int | None, log_path: Path) -> None:
        """nodes: by name, by default those of interneg.nodes. memory: bytes, by default half the machine's.

        log_path: of the log, for messages.
        """
        self._nodes = nodes
        self._memory = memory
        self._log_path = log_path
        self._started = time.monotonic()
        self._starting = threading.Lock()
        self._renderer: Renderer | None = None
        self.rendered = 0

    @property
    def running(self) -> int:
        """How many requests are worked on."""
        return self._renderer.admission.running if self._renderer else 0

    def result(
        self, request: Render | Action, views: Sequence[Pixels], called_off: Callable[[], bool]
    ) -> dict[str, Any]:
        """The body of `done`. views: (H, W, C) float32, of the request's images.

        Raises InternegError and CalledOff, and whatever a node raises.
        """
        renderer = self._ready()
        if isinstance(request, Action):
            return renderer.act(request, views, called_off)
        answer = renderer.render(request, views, called_off)
        self.rendered += 1
        return answer

    def spaces(self, config: str | None) -> dict[str, Any]:
        """The body of the answer to `spaces`. config: as `Configs.open` takes it, and raises."""
        return {"spaces": self._ready().spaces(config)}

    def failure(self, error: Exception) -> dict[str, Any]:
        """The body of `failed` for what no node should raise; where memory ran out, measurements go."""
        if isinstance(error, MemoryError):
            self.forget()
            return {"code": "memory", "message": "the worker ran out of memory"}
        reason = f"unexpected {type(error).__name__}: {error}; {self._log_path} says where"
        return {"code": "internal", "message": reason}

    def status(self, clients: Sequence[str]) -> dict[str, Any]:
        """The body of the answer to `status`. clients: who is connected."""
        import psutil

        renderer = self._renderer
        return {
            "pid": os.getpid(),
            "version": interneg.__version__,
            "uptime": round(time.monotonic() - self._started, 1),
            "clients": list(clients),
            "rendering": self.running,
            "rendered": self.rendered,
            "memory_mb": round(psutil.Process().memory_info().rss / 2**20),
            "limit_mb": round(self._limit() / 2**20),
            "engines": renderer.engines if renderer else [],
            "log": str(self._log_path),
        }

    def forget(self) -> None:
        """Drop all measurements, and hold no memory in reserve."""
        if self._renderer:
            self._renderer.forget()

    def _limit(self) -> int:
        import psutil

        return self._memory or int(psutil.virtual_memory().total // 2)

    def _ready(self) -> Renderer:
        with self._starting:
            if self._renderer is None:
                from interneg.nodes import NODES
                from interneg.plugin.worker.renderer import Renderer

                self._renderer = Renderer(NODES if self._nodes is None else self._nodes, self._limit())
            return self._renderer
