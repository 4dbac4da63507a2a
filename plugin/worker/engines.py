"""The engines of the worker: shared by all requests, and watched by each."""

from __future__ import annotations

import threading
from collections.abc import Callable

from interneg.engine import Engine
from interneg.engines.source import Engines
from interneg.plugin.worker.memory import CalledOff


class SharedEngines:
    """The engines of the process, made when the first is asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engines: Engines | None = None
        self._described: dict[str, str] = {}
        self._identities: dict[str, str] = {}

    @property
    def described(self) -> list[str]:
        """Of each model that was opened, on what it runs."""
        return list(self._described.values())

    def open(self, model: str) -> Engine:
        """The engine of a model as it is by now: it may have been imported anew. Raises EngineError."""
        with self._lock:
            self._engines = self._engines or Engines()
        self._engines.refresh(model)
        engine = self._engines.open(model)
        if self._identities.get(model) != engine.identity:
            self._identities[model] = engine.identity
            self._described[model] = self._engines.describe(model)
        return engine


class WatchedEngines:
    """Engines for one request, which is ended here once its host has hung up."""

    def __init__(self, engines: SharedEngines, called_off: Callable[[], bool]) -> None:
        self._engines, self._called_off = engines, called_off

    def open(self, model: str) -> Engine:
        """The engine of a model. Raises EngineError, and CalledOff."""
        if self._called_off():
            raise CalledOff
        return self._engines.open(model)
