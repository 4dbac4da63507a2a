from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests.toys import TemporalMean

# Models that a developer has imported are no part of the catalogue that tests look at.
os.environ.pop("INTERNEG_MODELS", None)
os.environ["XDG_DATA_HOME"] = str(Path(tempfile.gettempdir(), f"interneg-tests-{os.getpid()}", "data"))


# How long an example takes says nothing where other tests run beside.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-goldens", action="store_true", help="write the golden pictures anew")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Worker processes hand reports over as UTF-8; some tests print names of files that are none."""
    report = yield
    report.sections = [(n, t.encode("utf-8", "backslashreplace").decode()) for n, t in report.sections]
    return report


@pytest.fixture
def temporal_mean() -> type[TemporalMean]:
    TemporalMean.measured.clear()
    return TemporalMean
