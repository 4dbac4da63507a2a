from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a wheel is made from, which a build may write to."""
    for name in ("core", "engines", "nodes", "plugin"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.onnx"))
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def wheel(tree: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "setup.py", "-q", "bdist_wheel"],
        cwd=tree,
        env={**os.environ, "INTERNEG_WITHOUT_OFX": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("compiler", "reason"), [("no-such-compiler", "no C compiler 'no-such-compiler'"), ("false", "failed")]
)
def test_no_wheel_is_built_without_its_plugin_in_silence(tree: Path, compiler: str, reason: str) -> None:
    made = wheel(tree, CC=compiler)
    assert made.returncode
    assert "the wheel would lack its OpenFX plugin" in made.stderr and reason in made.stderr
    assert "INTERNEG_WITHOUT_OFX=1" in made.stderr
    assert not list(tree.glob("dist/*.whl"))


def test_a_wheel_without_the_plugin_is_built_where_that_is_asked_for(tree: Path) -> None:
    made = wheel(tree, CC="no-such-compiler", INTERNEG_WITHOUT_OFX="1")
    assert made.returncode == 0, made.stderr
    (path,) = tree.glob("dist/*.whl")
    assert path.name.endswith("-py3-none-any.whl")
    assert "interneg/plugin/ofx/nodes.json" in zipfile.ZipFile(path).namelist()
    assert "interneg/plugin/ofx/Interneg.ofx" not in zipfile.ZipFile(path).namelist()
