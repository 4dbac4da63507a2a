"""What nodes find out while they render, told in the order of the frames, however these finish."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from interneg.io import format_frames
from interneg.plugin.batch.progress import Progress

log = logging.getLogger("interneg")


class Told:
    """The first sentence of each node, and once for a render where pixels were NaN or inf. For any thread."""

    def __init__(self, progress: Progress) -> None:
        """progress: where sentences are shown."""
        self._progress = progress
        self._lock = threading.Lock()
        self._rendering = threading.local()
        self._sentences: dict[tuple[int, str], str] = {}
        self._shown: set[str] = set()
        self._spoilt: dict[int, int] = {}

    @contextmanager
    def frame(self, number: int) -> Iterator[None]:
        """While this lasts, what is told in this thread is told of that frame."""
        self._rendering.number = number
        try:
            yield
        finally:
            del self._rendering.number

    def tell(self, node: str, sentence: str) -> None:
        """Take a sentence of a node; see `interneg.view.Context`."""
        with self._lock:
            self._sentences.setdefault((getattr(self._rendering, "number", 0), node), sentence)

    def nonfinite(self, number: int, pixels: int) -> None:
        """Take how many pixels of the frame in work are NaN or inf; see `interneg.view.Context`."""
        if number == getattr(self._rendering, "number", None):  # and not one of its neighbours
            with self._lock:
                self._spoilt[number] = max(pixels, self._spoilt.get(number, 0))

    def done(self, number: int) -> None:
        """A frame is finished, after all before it: show the sentences of nodes that were not shown yet."""
        with self._lock:
            told = {k: self._sentences.pop(k) for k in sorted(self._sentences) if k[0] == number}
            new = [(node, text) for (_, node), text in told.items() if node not in self._shown]
            self._shown.update(node for node, _ in new)
        for node, sentence in new:
            self._progress.status(f"{node}: {sentence}")

    def close(self) -> None:
        """The render is over: say what pixels were NaN or inf."""
        with self._lock:
            spoilt, self._spoilt = self._spoilt, {}
        if count := sum(spoilt.values()):
            log.warning(
                "%d pixel%s NaN or inf and stay%s so, in %d frame%s: %s",
                count, " is" if count == 1 else "s are", "s" * (count == 1), len(spoilt),
                "s" * (len(spoilt) > 1), format_frames(spoilt),
            )  # fmt: skip
