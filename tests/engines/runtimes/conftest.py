"""The stand-in for a GPU, for every test of the runtimes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fake_gpu import FakeGpu


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpu]:
    fake = FakeGpu(monkeypatch)
    gc.freeze()  # so that the collections at the end look at what the test made only
    yield fake
    fake.end()
    gc.unfreeze()
