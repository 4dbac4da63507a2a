from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from interneg.memo import Memo


def test_a_result_is_computed_once_and_the_oldest_is_forgotten() -> None:
    memo, made = Memo(2), []

    def get(key: str) -> str:
        return str(memo.get(key, lambda: made.append(key) or key.upper()))

    assert [get(k) for k in "abaac"] == ["A", "B", "A", "A", "C"]
    assert made == ["a", "b", "c"]
    get("a")
    get("b")
    assert made == ["a", "b", "c", "b"]


def test_windows_that_slide_find_their_results_again_even_where_the_size_was_too_small() -> None:
    memo, made = Memo(10), list[int]()
    for first in range(200):
        for k in range(first, first + 14):
            memo.get(k, partial(made.append, k))
    assert len(made) < 200 + 14 + 40
    for k in range(1000, 2000):
        memo.get(k, lambda: None)
    assert len(memo._results) <= 14 and len(memo._dropped) <= 40


def test_threads_that_ask_at_once_share_one_computation() -> None:
    memo, made, all_there = Memo(4), [], threading.Barrier(8)

    def compute() -> int:
        made.append(1)
        return 5

    def ask(_: int) -> int:
        all_there.wait()
        return int(memo.get("k", compute))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [5] * 8
    assert made == [1]


def test_an_exception_is_raised_and_not_kept() -> None:
    memo = Memo(4)
    with pytest.raises(ZeroDivisionError):
        memo.get("k", lambda: 1 // 0)
    assert memo.get("k", lambda: 7) == 7


def test_what_an_exception_s_frames_hold_is_let_go_of_at_once() -> None:
    class Picture: ...

    memo, all_wait, seen = Memo(4), threading.Event(), []

    def ask(started: threading.Event) -> None:
        picture = Picture()
        seen.append(weakref.ref(picture))

        def compute() -> None:
            started.set()
            all_wait.wait(5)
            raise ZeroDivisionError(str(picture))

        with pytest.raises(ZeroDivisionError):
            memo.get("k", compute)

    gc.disable()
    try:
        started = threading.Event()
        threads = [threading.Thread(target=ask, args=(started,)) for _ in range(2)]
        threads[0].start()
        assert started.wait(5)
        threads[1].start()
        all_wait.wait(0.1)  # the second waits for the first
        all_wait.set()
        for thread in threads:
            thread.join()
        assert [ref() for ref in seen] == [None, None]
    finally:
        gc.enable()
