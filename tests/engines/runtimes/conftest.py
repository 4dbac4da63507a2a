"""The stand-in for a GPU, for every test of the runtimes."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.engines.runtimes.fake_gpu import FakeGpu


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpu]:
    fake = FakeGpu(monkeypatch)
    gc.freeze()  # so that the collections at the end look at what the test made only
    yield fake
    fake.end()
    gc.unfreeze()
