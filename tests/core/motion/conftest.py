from __future__ import annotations

import pytest

from interneg.colour import Colour


@pytest.fixture(scope="session")
def colour() -> Colour:
    return Colour()
