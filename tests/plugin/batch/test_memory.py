import platform
import subprocess
import sys

import pytest

from interneg.errors import HostMemoryError
from interneg.plugin.batch.memory import GIB, load

_FAULTS = """
import resource, sys
if sys.argv[1] == "keep":
    from interneg.plugin.batch.memory import keep_freed_memory
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(30):
    b"x" * 40_000_000
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_memory_that_is_freed_is_used_again() -> None:
    faults = [
        int(subprocess.run([sys.executable, "-c", _FAULTS, how], capture_output=True, check=True).stdout)
        for how in ("leave", "keep")
    ]
    assert faults[1] < 0.2 * faults[0]
