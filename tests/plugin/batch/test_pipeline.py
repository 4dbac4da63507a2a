from __future__ import annotations

import threading
import time

import pytest

from interneg.plugin.batch.pipeline import Pipeline


def test_frames_are_written_in_order_and_never_more_than_the_slots_are_alive() -> None:
    lock, alive, most, order, done = threading.Lock(), 0, 0, [], []

    def read(number: int) -> int | None:
        nonlocal alive, most
        with lock:
            alive += 1
            most = max(most, alive)
        time.sleep(0.002 * (number % 3))
        return None if number == 5 else 10 * number

    def render(number: int, source: int) -> int:
        time.sleep(0.002 * (2 - number % 3))
        return source + 1

    def write(number: int, result: int) -> None:
        assert result == 10 * number + 1
        order.append(number)

    def finished(number: int, written: bool) -> None:
        nonlocal alive
        with lock:
            alive -= 1
        done.append((number, written))

    pipeline = Pipeline(read, render, write, slots=3, readers=2, renderers=2, writers=1)
    assert pipeline.run(range(12), finished)
    assert order == [n for n in range(12) if n != 5]
    assert done == [(n, n != 5) for n in range(12)]
    assert most <= 3


@pytest.mark.parametrize("stage", ["read", "render", "write"])
def test_a_failure_finishes_what_came_before_and_begins_nothing_after(stage: str) -> None:
    written: list[int] = []

    def fail(at: str, number: int) -> int:
        if (at, number) == (stage, 4):
            raise ZeroDivisionError
        return number

    def write(number: int, result: int) -> None:
        fail("write", number)
        written.append(number)

    pipeline = Pipeline(
        lambda n: fail("read", n), lambda n, _: fail("render", n), write,
        slots=2, readers=2, renderers=1, writers=2,
    )  # fmt: skip
    with pytest.raises(ZeroDivisionError):
        pipeline.run(range(50), lambda number, was: None)
    assert {0, 1, 2, 3} <= set(written) <= {0, 1, 2, 3, 5}


def test_stop_finishes_the_writing_and_does_not_wait_for_the_rendering() -> None:
    writing, stopped, go_on, written = threading.Event(), threading.Event(), threading.Event(), []

    def render(number: int, _: int) -> int:
        if number == 1:
            go_on.wait(10)
        return number

    def write(number: int, _: int) -> None:
        writing.set()
        assert stopped.wait(10)
        written.append(number)

    pipeline = Pipeline(lambda n: n, render, write, slots=3, readers=1, renderers=1, writers=1)

    def stop() -> None:
        writing.wait(10)
        pipeline.stop()
        stopped.set()

    threading.Thread(target=stop).start()
    start = time.monotonic()
    assert not pipeline.run(range(9), lambda number, was: None)
    assert time.monotonic() - start < 5
    assert written == [0]
    go_on.set()


def test_a_disk_that_hangs_is_not_waited_for_where_the_work_was_called_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("interneg.plugin.batch.pipeline.GRACE", 0.3)
    hanging, go_on = threading.Event(), threading.Event()

    def write(number: int, _: int) -> None:
        hanging.set()
        go_on.wait(20)

    pipeline = Pipeline(lambda n: n, lambda n, _: n, write, slots=3, readers=1, renderers=1, writers=1)

    def stop() -> None:
        hanging.wait(10)
        pipeline.stop()

    threading.Thread(target=stop).start()
    start = time.monotonic()
    assert not pipeline.run(range(9), lambda number, was: None)
    assert time.monotonic() - start < 5
    assert not pipeline.is_settled
    go_on.set()
