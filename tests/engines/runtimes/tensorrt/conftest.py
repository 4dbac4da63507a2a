"""Engines on the stand-in for a GPU, by both libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from interneg.engines import gpus
from interneg.engines.building.libraries import LIBRARIES, Library
from interneg.engines.models import Model, load_catalogue
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.source import Engines
from interneg.engines.store import Store
from tests.engines.conftest import Write
from tests.engines.runtimes.fake_gpu import FakeGpu
from tests.engines.runtimes.fake_tensorrt import PER_PIXEL

PLAIN, RTX = LIBRARIES["tensorrt"], LIBRARIES["tensorrt-rtx"]
BOTH = pytest.mark.parametrize("library", [PLAIN, RTX], ids=lambda library: library.name)
Opened = Callable[..., NetworkEngine]
Source = Callable[..., Engines]


def target(gpu: FakeGpu, library: Library) -> str:
    return "sm89" if library.targets else f"sm89 {gpus.short(gpu.name)}"


@pytest.fixture
def models(write: Write) -> Mapping[str, Model]:
    write("tiny")
    return load_catalogue([write("tiny-x2", scale=2)])


@pytest.fixture
def source(gpu: FakeGpu, models: Mapping[str, Model], store: Store, tmp_path: Path) -> Source:
    """source(library, ...): Engines on the fake GPU, the store filled with a proxy engine of every model."""

    def make(library: Library = RTX, *, filled: bool = True, **settings: Any) -> Engines:
        if filled:
            for name in ("tiny", "tiny-x2"):
                gpu.put(store, models[name], library, target(gpu, library))
        asked: dict[str, Any] = {"runtime": library.name, "precision": "fp32", "store": store, **settings}
        return Engines(folders=[tmp_path / "models"], **asked)

    return make


@pytest.fixture
def opened(source: Source) -> Opened:
    return lambda library=RTX, model="tiny", **settings: source(library, **settings).open(model)


@pytest.fixture
def exact(store: Store, tmp_path: Path, models: Mapping[str, Model]) -> Opened:
    return lambda model="tiny": Engines("openvino", "fp32", folders=[tmp_path / "models"], store=store).open(
        model
    )


def small(gpu: FakeGpu, pixels: int) -> None:
    """A GPU on which tiles have at most this many pixels."""
    gpu.total = 2 * 2 * PER_PIXEL * pixels + 4096
