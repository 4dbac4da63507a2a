from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

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
