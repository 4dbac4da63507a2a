from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from interneg.errors import HostMemoryError
from interneg.grain.noise import NoiseProfile
from interneg.plugin.worker.memory import Admission, CalledOff, Measurements, size_of

never = lambda: False  # noqa: E731


def admission(limit: int = 100, room: list[int] | None = None) -> Admission:
    made: list[int] = [] if room is None else room
    return Admission(limit, made.append)


def test_what_can_never_fit_is_refused() -> None:
    with pytest.raises(HostMemoryError, match="INTERNEG_MEMORY_MB"), admission().enter(101, never):
        pass


def test_what_does_not_fit_now_waits() -> None:
    room: list[int] = []
    gate, order, waits = admission(100, room), [], threading.Event()

    def second() -> None:
        with gate.enter(60, lambda: waits.set() is not None):  # asked once it waits
            order.append("second")

    with gate.enter(50, never):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        order.append("first")
        assert gate.running == 1
    thread.join()
    assert order == ["first", "second"] and room == [50, 40] and gate.running == 0


def test_no_more_than_so_many_run_and_in_order() -> None:
    gate, order, held = admission(10**6), [], threading.Event()
    seen = [threading.Event() for _ in range(gate.most + 3)]

    def work(i: int) -> None:
        with gate.enter(1, lambda: seen[i].set() is not None):  # asked once it waits
            order.append(i)
            seen[i].set()
            assert gate.running <= gate.most
            held.wait(5)

    threads = []
    for i in range(gate.most + 3):
        threads.append(threading.Thread(target=work, args=(i,)))
        threads[-1].start()
        assert seen[i].wait(10)
    assert len(order) == gate.most
    held.set()
    for thread in threads:
        thread.join()
    assert sorted(order) == list(range(gate.most + 3))


def test_who_is_not_waited_for_any_more_leaves_the_queue() -> None:
    gate, gone = admission(), threading.Event()
    failed: list[BaseException] = []

    def second() -> None:
        try:
            with gate.enter(100, gone.is_set):
                pass
        except CalledOff as error:
            failed.append(error)

    with gate.enter(100, never):
        thread = threading.Thread(target=second)
        thread.start()
        gone.set()
        thread.join(5)
        assert not thread.is_alive() and len(failed) == 1
    with gate.enter(100, never):
        pass


def test_a_request_that_fails_gives_back_what_it_took() -> None:
    gate = admission()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), gate.enter(100, never):
            raise ZeroDivisionError
    assert gate.running == 0


def test_measurements_are_forgotten_from_the_oldest() -> None:
    kept, made = Measurements(), []

    def get(key: int) -> Any:
        return kept.get(key, lambda: made.append(key) or np.zeros(250, np.float32))

    for key in (1, 2, 3, 1):
        get(key)
    kept.shrink(2000)
    for key in (1, 3, 2):
        get(key)
    assert made == [1, 2, 3, 2]
    kept.shrink(0)
    get(1)
    assert made == [1, 2, 3, 2, 1]


def test_a_failed_measurement_is_not_kept() -> None:
    kept = Measurements()
    with pytest.raises(ZeroDivisionError):
        kept.get(1, lambda: 1 // 0)
    assert kept.get(1, lambda: 5) == 5


def test_sizes() -> None:
    plane = np.zeros((10, 10), np.float32)
    assert size_of(plane) == 400
    assert size_of((plane, [plane])) == 800
    assert 800 <= size_of(NoiseProfile(plane, plane)) < 1000
    assert 0 < size_of(True) < 100
