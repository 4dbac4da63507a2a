from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.nodes import NODES
from interneg.plugin.worker.client import Client, SharedPicture
from interneg.plugin.worker.renderer import Renderer
from tests.toys import BrightRows, LessReference

SCRIPT = Path(__file__).with_name("serving.py")


class Worker:
    """A worker in a process and a folder of its own."""

    def __init__(self, *options: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="interneg-"))
        self.options = options
        self.socket = self.folder / "worker.sock"
        self.log = self.folder / "worker.log"
        self._started: list[subprocess.Popen[str]] = []
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", str(SCRIPT), *self.options]
        environment = {**os.environ, "INTERNEG_WORKER_DIR": str(self.folder)}
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        self._started.append(self.process)
        return self.process

    def connect(self, name: str = "test") -> Client:
        end = time.monotonic() + 30
        while (client := Client.connect(name, self.socket)) is None:
            assert self.process.poll() is None, "the worker has ended"
            assert time.monotonic() < end, "the worker does not answer"
            time.sleep(0.01)
        return client

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def pictures(self) -> int:
        """How many are mapped."""
        return Path(f"/proc/{self.process.pid}/maps").read_text().count("memfd:interneg")

    def close(self) -> None:
        for process in self._started:
            process.kill()
            if process.stderr and not process.stderr.closed:
                process.communicate()
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


@pytest.fixture
def start_worker() -> Iterator[Callable[..., Worker]]:
    started: list[Worker] = []

    def start(*options: str) -> Worker:
        started.append(Worker(*options))
        return started[-1]

    yield start
    for worker in started:
        worker.close()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker("300")
    yield made
    made.close()


class Asked:
    """The pictures of a render, and the request for it."""

    def __init__(
        self, node: str, channels: str = "RGBA", size: tuple[int, int] = (32, 24), **changes: Any
    ) -> None:
        self.source, self.output = SharedPicture(*size, channels), SharedPicture(*size, channels)
        self.source.pixels[:] = np.random.default_rng(1).uniform(0, 1, self.source.pixels.shape)
        self.output.pixels[:] = np.nan
        self.descriptors = [self.source.descriptor, self.output.descriptor]
        self.body = {
            "node": node, "knobs": {}, "time": 1, "first": 1, "last": 1, "space": "scene_linear",
            "premultiplied": True, "aspect": 1.0, "format": size,
            "images": [self.source.image, self.output.image],
            "frames": [{"number": 1, "image": 0, "digest": ""}],
            "mask": None, "reference": None, "output": 1, "fit": False, **changes,
        }  # fmt: skip

    def close(self) -> None:
        self.source.close()
        self.output.close()


@pytest.fixture
def ask() -> Iterator[Callable[..., Asked]]:
    made: list[Asked] = []

    def ask(node: str, **facts: Any) -> Asked:
        made.append(Asked(node, **facts))
        return made[-1]

    yield ask
    for asked in made:
        asked.close()


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer({**NODES, "doubled": BrightRows, "plate": LessReference}, 2**30)


@pytest.fixture
def with_mean(temporal_mean: Any) -> Renderer:
    return Renderer({"temporal-mean": temporal_mean}, 2**30)
