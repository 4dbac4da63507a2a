"""Engines on the stand-in for a GPU, by both libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_gpu import PER_PIXEL, FakeGpu

from interneg.engines import gpus
from interneg.engines.building.libraries import LIBRARIES, Library
from interneg.engines.models import load_catalogue
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.source import Engines

PLAIN, RTX = LIBRARIES["tensorrt"], LIBRARIES["tensorrt-rtx"]
BOTH = pytest.mark.parametrize("library", [PLAIN, RTX], ids=lambda library: library.name)
Opened = Callable[..., NetworkEngine]


def target(gpu: FakeGpu, library: Library) -> str:
    return "sm89" if library.targets else f"sm89 {gpus.short(gpu.name)}"


@pytest.fixture
def models(write):
    write("tiny")
    return load_catalogue([write("tiny-x2", scale=2)])


@pytest.fixture
def source(gpu, models, store, tmp_path: Path):
    """source(library, ...): Engines on the fake GPU, the store filled with a proxy engine of every model."""

    def make(library: Library = RTX, *, filled: bool = True, **settings) -> Engines:
        if filled:
            for name in ("tiny", "tiny-x2"):
                gpu.put(store, models[name], library, target(gpu, library))
        settings = {"runtime": library.name, "precision": "fp32", "store": store} | settings
        return Engines(folders=[tmp_path / "models"], **settings)

    return make


@pytest.fixture
def opened(source) -> Opened:
    return lambda library=RTX, model="tiny", **settings: source(library, **settings).open(model)


@pytest.fixture
def exact(store, tmp_path: Path, models):
    return lambda model="tiny": Engines("openvino", "fp32", folders=[tmp_path / "models"], store=store).open(
        model
    )


def small(gpu: FakeGpu, pixels: int) -> None:
    """A GPU on which tiles have at most this many pixels."""
    gpu.total = 2 * 2 * PER_PIXEL * pixels + 4096
