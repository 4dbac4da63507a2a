from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugin.cli.analysed_shots import RECIPE, shoot, well


@pytest.fixture
def out(tmp_path: Path) -> str:
    return str(tmp_path / "out" / "made.####.exr")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shoot(tmp_path_factory.mktemp("clip"), 1)


@pytest.fixture(scope="module")
def analysis(clip: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of the clip. It is not to be changed."""
    folder = tmp_path_factory.mktemp("analyses") / "shot.analysis"
    well("analyse", RECIPE, clip, folder)
    return folder


@pytest.fixture
def own(analysis: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    return Path(shutil.copytree(analysis, tmp_path / "shot.analysis"))
