from __future__ import annotations

import pytest

from tests.toys import TemporalMean


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-goldens", action="store_true", help="write the golden pictures anew")


@pytest.fixture
def temporal_mean() -> type[TemporalMean]:
    TemporalMean.measured.clear()
    return TemporalMean
