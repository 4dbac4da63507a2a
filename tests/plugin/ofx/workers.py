"""The workers that a host has started, and that nothing is left of them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind

WAITING = "org.interneg.Waiting"


def worker(folder: Path) -> Client:
    client = Client.connect("test", folder / "worker.sock")
    assert client is not None
    return client


def worker_process(folder: Path) -> int:
    with worker(folder) as client:
        return int(client.welcome["pid"])


def workers() -> list[psutil.Process]:
    """What was started here for workers: it has our runtime folder in its environment, or the lock open."""
    folder, found = os.environ["INTERNEG_WORKER_DIR"], []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("INTERNEG_WORKER_DIR") == folder
            if not ours:
                ours = any(file.path == f"{folder}/worker.lock" for file in process.open_files())
            if ours and process.pid not in (os.getpid(), os.getppid()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """No process, descriptor, socket or shared memory more than before."""
    shared, memory = set(os.listdir("/dev/shm")), held_open()
    yield
    with worker(folder) as client:
        client.ask(Kind.STOP, {})
    deadline = time.monotonic() + 10
    while workers() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert workers() == []
    assert psutil.Process().children() == []
    assert set(os.listdir("/dev/shm")) <= shared
    assert set(os.listdir(folder)) <= {"worker.lock", "worker.log", "worker.log.1"}
    assert held_open() == memory


def held_open() -> int:
    """Shared memory and sockets that this process holds open."""
    links = (_link(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd"))
    return sum("memfd:" in link or "socket:" in link for link in links)


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""
