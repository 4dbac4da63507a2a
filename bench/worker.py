"""What rendering in the worker costs a host, beside copying the frame twice in the same run.

A 1080p RGBA float frame goes from a host's memory through a node that hands it on, and back: through the
plugin itself where there is a C compiler, else through the Python client.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.table import Row, at_most
from bench.untouched import Untouched
from interneg.errors import UsageError
from interneg.plugin.ofx import build, nodes
from interneg.plugin.worker.client import Client, SharedPicture
from interneg.plugin.worker.protocol import Kind

ROUNDS = 60
_SIZE = (1920, 1080)
_HERE = Path(__file__).parent


def rows() -> Iterator[Row]:
    """Measure everything: the best of several rounds, both sides taken in turn."""
    given = np.random.default_rng(1).random((*_SIZE[::-1], 4), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INTERNEG_WORKER_DIR"] = folder
        os.environ["INTERNEG_WORKER"] = f"{sys.executable} {_HERE / 'untouched.py'}"
        try:
            bundle = build.build(Path(folder))
        except UsageError:
            way, through = "Python client", _client(given)
        else:
            way, through = "OpenFX plugin", _plugin(bundle, given)
        with through as render:
            times = [(_copies(given), render()) for _ in range(ROUNDS)]
        if (client := Client.connect("bench")) is not None:
            with client:
                client.ask(Kind.STOP, {})
    plain, ours = (1000 * min(column) for column in zip(*times, strict=True))
    name = f"1080p RGBA float, {way} → worker → back"
    yield at_most(name, 12, ours, "ms")
    yield at_most(f"{name} ÷ two plain copies of the frame", 2, ours / plain)


def _copies(given: np.ndarray) -> float:
    there, back = np.ones_like(given), np.ones_like(given)
    start = time.perf_counter()
    np.copyto(there, given)
    np.copyto(back, there)
    return time.perf_counter() - start


@contextmanager
def _plugin(bundle: Path, given: np.ndarray) -> Iterator[Callable[[], float]]:
    """The host of the tests, without the sums by which it sees that nobody wrote to a source."""
    from tests.plugin.ofx.host import Host
    from tests.plugin.ofx.ofx_images import Image, Picture
    from tests.plugin.ofx.ofx_objects import Plate

    Image.faults_of_source = lambda self: []  # type: ignore[method-assign]
    (bundle / "Contents/Resources/nodes.json").write_text(json.dumps(nodes.catalogue([Untouched])))
    with Host(bundle) as host:
        instance = host.create("org.interneg.Untouched", Plate.of({1: Picture(given)}))

        def render() -> float:
            if not np.array_equal(instance.render(1).pixels, given):
                raise RuntimeError("the frame came back changed")
            return instance.seconds

        yield render


@contextmanager
def _client(given: np.ndarray) -> Iterator[Callable[[], float]]:
    import subprocess

    width, height = _SIZE
    source, output = SharedPicture(width, height), SharedPicture(width, height)
    back = np.ones_like(given)
    body = {
        "node": "untouched", "knobs": {}, "time": 1, "first": 1, "last": 1, "space": "scene_linear",
        "premultiplied": True, "aspect": 1.0, "format": _SIZE, "images": [source.image, output.image],
        "frames": [{"number": 1, "image": 0, "digest": ""}], "mask": None, "reference": None, "output": 1,
        "fit": False,
    }  # fmt: skip
    subprocess.Popen(os.environ["INTERNEG_WORKER"].split())
    while (client := Client.connect("bench")) is None:
        time.sleep(0.01)

    def render() -> float:
        back[:] = 0
        start = time.perf_counter()
        np.copyto(source.pixels, given)
        client.ask(Kind.RENDER, body, (source.descriptor, output.descriptor))
        np.copyto(back, output.pixels)
        taken = time.perf_counter() - start
        if not np.array_equal(back, given):
            raise RuntimeError("the frame came back changed")
        return taken

    with client:
        yield render
