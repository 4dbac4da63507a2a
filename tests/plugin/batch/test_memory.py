import pytest

from interneg.errors import HostMemoryError
from interneg.plugin.batch.memory import load
from interneg.plugin.machine.sizes import GIB


def test_frames_at_once_follow_from_the_memory_limit() -> None:
    frame = 100 * 2**20
    assert load(100 * GIB, frame, 1, 0, 1) == (1, 5)
    assert load(100 * GIB, frame, 1, 0, 3) == (3, 7)
    assert load(12 * frame, frame, 1, 0, 1) == (1, 2)
    assert load(10 * frame, frame, 1, 0, 1) == (1, 1)
    assert load(60 * frame, frame, 2, 30, 1) == (1, 2)
    with pytest.raises(HostMemoryError, match=r"need 0.98 GiB with --jobs 1, the limit is 0.88 GiB"):
        load(9 * frame, frame, 1, 0, 1)
    with pytest.raises(HostMemoryError, match=r"need 0.938 MiB with --jobs 1, the limit is 0.000977 MiB"):
        load(2**10, 96 * 2**10, 1, 0, 1)
    with pytest.raises(HostMemoryError, match="lower --jobs"):
        load(9 * frame, frame, 1, 0, 2)
    assert load(None, 10**15, 1, 0, 1) == (1, 1)


def test_two_frames_are_in_work_where_they_fit() -> None:
    frame = 100 * 2**20
    assert load(18 * frame, frame, 1, 0, None) == (2, 1)
    assert load(17 * frame, frame, 1, 0, None) == (1, 4)
    assert load(None, 10**15, 1, 0, None) == (1, 1)
