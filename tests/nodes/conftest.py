from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Pixels
from interneg.memo import Memo
from interneg.node import Context
from tests.steadied import gate, shot


class Silent:
    """An engine source whose networks correct nothing and remember what they saw."""

    identity = name = "silent"

    def __init__(self) -> None:
        self.seen: list[Pixels] = []
        self.scale = 1

    def open(self, model: str) -> Silent:
        self.scale = int(model[-1])
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        self.seen.append(planes.copy())
        return np.zeros((3, planes.shape[1] * self.scale, planes.shape[2] * self.scale), np.float32)


@pytest.fixture(scope="session")
def colour() -> Colour:
    return Colour()


@pytest.fixture(scope="session")
def engines() -> Engines:
    return Engines(precision="fp32")


@pytest.fixture
def context(colour: Colour, engines: Engines) -> Context:
    return Context(colour, engines, Memo(64))


@pytest.fixture
def goldens() -> Path:
    return Path(__file__).with_name("goldens")


@pytest.fixture
def engine() -> Silent:
    return Silent()


@pytest.fixture
def silent(colour: Colour, engine: Silent) -> Context:
    return Context(colour, engine, Memo(64))


@pytest.fixture(scope="module")
def pan() -> Pixels:
    return shot(gate(), speed=1.5)
