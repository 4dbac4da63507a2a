from __future__ import annotations

import pytest

from interneg.engines.shortage import gpu_memory_is_short, host_memory_is_short


@pytest.mark.parametrize(
    "words",
    [
        "std::bad_alloc",
        "Failed to allocate memory for requested buffer of size 1073741824",
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_the_runtimes_on_the_cpu_speak_of_allocation(words: str) -> None:
    assert host_memory_is_short(RuntimeError(words))
    assert not host_memory_is_short(RuntimeError("the shapes disagree"))


@pytest.mark.parametrize(
    ("words", "short"),
    [
        ("[virtualMemoryBuffer.cpp] Error Code 2: OutOfMemory (requested 5 GiB)", True),
        ("CUDA error 2: out of memory", True),
        ("cudaErrorMemoryAllocation", True),
        (
            "[defaultAllocator.cpp::deallocate::61] Cuda Runtime (an illegal memory access was encountered)",
            False,
        ),
        ("", False),
    ],
)
def test_a_gpu_that_is_full_is_told_from_one_that_failed(words: str, short: bool) -> None:
    assert gpu_memory_is_short(words) == short
