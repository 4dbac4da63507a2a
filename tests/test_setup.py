from __future__ import annotations

import os
import platform
import re
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
    for name in ("setup.py", "wheel_backend.py", "pyproject.toml", "README.md", "LICENSE"):
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


@pytest.mark.slow
def test_a_wheel_fits_every_current_distribution_wherever_it_is_built(tree: Path, tmp_path: Path) -> None:
    """Its plugin is compiled for an old C library, by a compiler that is no part of the machine."""
    pytest.importorskip("ziglang", reason="ziglang is not installed")
    (tmp_path / "empty").mkdir()
    made = wheel(tree, CC="", PATH=str(tmp_path / "empty"))
    assert made.returncode == 0, made.stderr
    (path,) = tree.glob("dist/*.whl")
    assert path.name.endswith(f"-py3-none-manylinux_2_28_{platform.machine()}.whl")
    binary = Path(zipfile.ZipFile(path).extract("interneg/plugin/ofx/Interneg.ofx", tmp_path))
    needed = {tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_([\d.]+)", binary.read_bytes())}
    assert needed and max(needed) <= (2, 28)
    count = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).OfxGetNumberOfPlugins())"
    loaded = subprocess.run([sys.executable, "-c", count, binary], capture_output=True, text=True, check=True)
    assert loaded.stdout == "0\n"  # it lies in no bundle, whose nodes it would tell of


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_a_wheel_of_another_compiler_says_that_it_fits_this_system(tree: Path) -> None:
    made = wheel(tree, CC="cc")
    assert made.returncode == 0, made.stderr
    (path,) = tree.glob("dist/*.whl")
    assert path.name.endswith(f"-py3-none-linux_{platform.machine()}.whl")


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
