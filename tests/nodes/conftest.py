from __future__ import annotations

from pathlib import Path

import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.memo import Memo
from interneg.node import Context


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
