"""A worker that dies or hangs never takes the host with it, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from interneg.plugin.worker.protocol import Kind
from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_objects import RenderFailed
from tests.plugin.ofx.plates import clip
from tests.plugin.ofx.workers import WAITING, held_open, nothing_left, worker, worker_process, workers
from tests.toys import Waiting, WindowMean

pytestmark = pytest.mark.hosted

KILLS = 100
FEW = 5
"""How many of them end a worker that started as in a host, which takes longer."""


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The command of a worker that starts at once."""
    program = Path(__file__).with_name("quick_worker.py")
    path = str(tmp_path_factory.mktemp("quick") / "socket")
    command = [sys.executable, str(program), path, "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as mother:
        assert mother.stdout
        mother.stdout.readline()
        yield f"{sys.executable} -I -S {program} {path}"
        mother.kill()


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "start"), [(KILLS - FEW, "quick"), (FEW, "real")])
def test_a_worker_killed_in_the_middle_of_a_render(
    bundle: Path, runtime: Path, quick: str, kills: int, start: str
) -> None:
    """Killed once the render is under way: it is begun again by another worker, or fails with a message."""
    chance, source = np.random.default_rng(kills), clip(1001, 1003)
    wanted = expected(Waiting(), 1002, source).pixels
    command = quick if start == "quick" else os.environ["INTERNEG_WORKER"]
    with nothing_left(runtime), setting(INTERNEG_WORKER=command), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.render(1002)
        for _ in range(kills):
            pid = worker_process(runtime)
            wait = float(chance.uniform(0, 0.04))
            instance.set("seconds", 0.03)
            killer = threading.Timer(wait, os.kill, (pid, signal.SIGKILL))
            killer.start()
            try:
                shown = instance.render(1002).pixels
            except RenderFailed as failed:
                assert failed.message
            else:
                np.testing.assert_array_equal(shown, wanted)
            killer.join()
            instance.set("seconds", 0.0)
            np.testing.assert_array_equal(instance.render(1002).pixels, wanted)
            assert instance.message is None
        host.check()


@pytest.mark.slow
def test_workers_killed_again_and_again_in_one_render(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1003)
    with nothing_left(runtime), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.set("seconds", 20.0)
        over = threading.Event()

        def kill() -> None:
            while not over.wait(0.05):
                for process in workers():
                    process.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(RenderFailed) as failed:
            instance.render(1002)
        over.set()
        killer.join()
        message, deadline = failed.value.message, time.monotonic() + 30
        assert message
        instance.set("seconds", 0.0)
        while instance.message and time.monotonic() < deadline:
            with suppress(RenderFailed):  # for a while no other start is tried
                instance.render(1002)
            assert instance.message in (None, message)
            time.sleep(0.1)
        instance.render(1002)


def test_a_worker_that_hangs(bundle: Path, runtime: Path) -> None:
    """It is ended after a while, and the next render has another one."""
    source = clip(1001, 1003)
    with nothing_left(runtime), setting(INTERNEG_TIMEOUT="1"), Host(bundle) as host:
        instance = host.create(WAITING, source)
        instance.render(1002)
        pid = worker_process(runtime)
        os.kill(pid, signal.SIGSTOP)
        try:
            instance.render(1002)
        except RenderFailed as failed:
            assert failed.message and "did not answer" in failed.message
        instance.render(1002)
        assert instance.message is None
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_eight_renders_lose_their_worker_at_once(bundle: Path, runtime: Path) -> None:
    source = clip(1001, 1008)
    with nothing_left(runtime), Host(bundle) as host:
        instances = [host.create(WAITING, source) for _ in range(8)]
        instances[0].render(1001)
        pid = worker_process(runtime)
        for instance in instances:
            instance.set("seconds", 0.3)
        shown: dict[int, np.ndarray] = {}

        def render(i: int) -> None:
            shown[i] = instances[i].render(1001 + i, sequence=False).pixels

        threads = [threading.Thread(target=render, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        with worker(runtime) as client:
            deadline = time.monotonic() + 10
            while not client.ask(Kind.STATUS, {})["rendering"] and time.monotonic() < deadline:
                time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        for i in range(8):
            np.testing.assert_array_equal(shown[i], expected(Waiting(), 1001 + i, source).pixels)
        assert len(workers()) == 1


def test_little_memory_for_pictures_is_enough(bundle: Path, runtime: Path) -> None:
    """Frames that do not fit are copied again, and what was shared before is given back."""
    source = clip(1001, 1030, height=200, width=160)
    with nothing_left(runtime), setting(INTERNEG_POOL_MB="1"), Host(bundle) as host:
        instance = host.create("org.interneg.WindowMean", source)
        for number in range(1004, 1028, 3):
            wanted = expected(WindowMean(), number, source).pixels
            np.testing.assert_array_equal(instance.render(number).pixels, wanted)
            assert held_open() < 16
