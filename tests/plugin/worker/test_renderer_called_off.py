"""Requests that are called off: their output is left alone, and others measure what they began."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.node import View
from interneg.plugin.worker.memory import CalledOff
from interneg.plugin.worker.renderer import Renderer
from tests.plugin.worker.render_requests import Asked, draw
from tests.toys import BrightRows


def test_a_measurement_that_another_request_left_is_made_again(tmp_path: Path) -> None:
    started, go, left = threading.Event(), threading.Event(), threading.Event()
    made = []

    class Measuring(BrightRows):
        """Opens an engine for something that is measured once for both requests."""

        @property
        def reach(self) -> tuple[int, int]:
            return (0, 1)

        def process(self, view: View) -> Pixels:
            def compute() -> int:
                started.set()
                go.wait(20)
                view.context.engines.open("denoise-sr-lite-x1")
                made.append(view.window.frame.number)
                return 1

            view.measure("test", compute, 0)
            return super().process(view)

    renderer = Renderer({"doubled": Measuring}, 2**30)
    frames = {1: draw(1), 2: draw(2)}
    outcomes: list[str] = []

    def work(called_off: Callable[[], bool]) -> None:
        request, views = Asked("doubled", {}, 1, frames, digests=True, size=(64, 48)).request()
        try:
            renderer.render(request, views, called_off)
            outcomes.append("done" if np.isfinite(views[request.output]).all() else "unwritten")
        except CalledOff:
            outcomes.append("called off")

    threads = [
        threading.Thread(target=work, args=(left.is_set,)),
        threading.Thread(target=work, args=(bool,)),
    ]
    threads[0].start()
    assert started.wait(20)
    threads[1].start()
    while renderer.admission.running < 2:
        go.wait(0.01)
    go.wait(0.2)  # the second waits for the measurement of the first
    left.set()
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["called off", "done"] and made == [1]


def test_a_request_that_was_called_off_leaves_its_output(renderer: Renderer) -> None:
    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request()
    with pytest.raises(CalledOff):
        renderer.render(request, views, lambda: True)
    assert np.isnan(views[request.output]).all()
