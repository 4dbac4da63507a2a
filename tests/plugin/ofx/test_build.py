"""The plugin's sources: compiled by each compiler, and run with the sanitizers."""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import interneg
from interneg.errors import OutputError, UsageError
from interneg.plugin.ofx.build import build, compile_c, find_compiler

HERE = Path(__file__).parent
SOURCES = HERE.parents[2] / "plugin" / "ofx"
MESSAGES = 200_000

COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)]
compilers = pytest.mark.parametrize("compiler", COMPILERS)
needs_one = pytest.mark.skipif(not COMPILERS, reason="there is neither gcc nor clang")


def test_no_two_files_include_each_other() -> None:
    """A file is its source and its header, counted as one."""
    includes: dict[str, set[str]] = {}
    for path in (*SOURCES.glob("*.c"), *SOURCES.glob("*.h")):
        found = re.findall(r'^#include "(\w+)\.h"', path.read_text(), re.MULTILINE)
        includes.setdefault(path.stem, set()).update(set(found) - {path.stem})
    TopologicalSorter(includes).prepare()  # raises CycleError


@compilers
def test_the_bundle_exports_the_door_alone(tmp_path: Path, compiler: str) -> None:
    if not shutil.which("nm"):
        pytest.skip("there is no nm")
    bundle = build(tmp_path, compiler=compiler, strict=True)
    (binary,) = (bundle / "Contents").glob("Linux-*/Interneg.ofx")
    listed = subprocess.check_output(["nm", "-D", "--defined-only", binary], text=True)
    symbols = {line.split()[-1] for line in listed.splitlines()}
    assert symbols == {"OfxGetNumberOfPlugins", "OfxGetPlugin", "OfxSetHost"}


@needs_one
def test_the_bundle_holds_what_the_plugin_reads(tmp_path: Path) -> None:
    resources = build(tmp_path) / "Contents" / "Resources"
    info = plistlib.loads((resources.parent / "Info.plist").read_bytes())
    assert info["CFBundleExecutable"] == next(resources.parent.glob("Linux-*/*.ofx")).name
    assert (info["CFBundlePackageType"], info["CFBundleVersion"]) == ("BNDL", interneg.__version__)
    assert (resources / "nodes.json").read_bytes() == (SOURCES / "nodes.json").read_bytes()
    told = json.loads((resources / "worker.json").read_text())
    assert told == {"command": [sys.executable, "-I", "-m", "interneg.plugin.worker"]}
    for node in json.loads((resources / "nodes.json").read_text())["nodes"]:
        assert (resources / node["icon"]).exists()


@needs_one
def test_a_bundle_is_built_in_place_of_the_last(tmp_path: Path) -> None:
    bundle = build(tmp_path)
    (bundle / "left over").touch()
    assert build(tmp_path) == bundle
    assert not (bundle / "left over").exists()
    assert os.listdir(tmp_path) == [bundle.name]


@needs_one
def test_a_failed_build_leaves_the_last_bundle(tmp_path: Path) -> None:
    bundle = build(tmp_path)
    with pytest.raises(OutputError, match="failed"):
        build(tmp_path, compiler="false")
    assert (bundle / "Contents/Resources/nodes.json").exists()
    assert os.listdir(tmp_path) == [bundle.name]


@needs_one
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be built in"):
        build(tmp_path / "file")


def test_no_compiler_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr("interneg.plugin.ofx.build.find_spec", lambda name: object())
    assert find_compiler() == [sys.executable, "-m", "ziglang", "cc"]
    monkeypatch.setattr("interneg.plugin.ofx.build.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="apt install gcc"):
        find_compiler()
    with pytest.raises(UsageError, match="'no-such-cc' is found"):
        build(tmp_path, compiler="no-such-cc")


def test_the_wheel_s_binary_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prebuilt = tmp_path / "Interneg.ofx"
    prebuilt.write_bytes(b"binary")
    monkeypatch.setattr("interneg.plugin.ofx.build.PREBUILT", prebuilt)
    monkeypatch.setenv("CC", "false")
    (binary,) = build(tmp_path / "bundle").glob("Contents/Linux-*/Interneg.ofx")
    assert binary.read_bytes() == b"binary"
    with pytest.raises(OutputError, match="false"):
        build(tmp_path / "bundle", compiler="false")


@needs_one
def test_a_warning_ends_a_strict_build_alone(tmp_path: Path) -> None:
    source, program = tmp_path / "main.c", tmp_path / "program"
    source.write_text("int main(void) { int unused; return 0; }")
    compile_c([source], program)
    assert program.exists()
    with pytest.raises(OutputError, match="unused"):
        compile_c([source], program, strict=True)


@compilers
def test_malformed_messages_do_not_harm_the_reader(tmp_path: Path, compiler: str) -> None:
    """Damaged messages: memory errors, undefined behaviour and leaks end the program."""
    program = tmp_path / "fuzz"
    parts = [SOURCES / f"{part}.c" for part in ("json", "message", "platform_number", "utf8")]
    try:
        compile_c(
            [HERE / "fuzz.c", *parts], program, ("-ldl",), sanitize=True, compiler=compiler, strict=True
        )
    except OutputError as error:
        if "cannot find" in str(error):
            pytest.skip(f"{compiler} has no sanitizers here")
        raise
    done = subprocess.run([program, str(MESSAGES), "5"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{MESSAGES} messages, ")
    survivors = int(done.stdout.split(", ")[1].split()[0])
    assert 0 < survivors < MESSAGES // 2


@pytest.mark.skipif("gcc" not in COMPILERS, reason="there is no gcc")
@pytest.mark.slow
def test_the_plugin_renders_with_the_sanitizers(tmp_path: Path) -> None:
    """What the hosts do, in a build of gcc whose first memory error or undefined behaviour ends them.

    Without networks: OpenVINO loads a library in a way that the sanitizers do not allow.
    """
    tests = [f"{HERE}/test_{name}.py" for name in ("describe", "render", "faults")]
    chosen = "not command_line and not threads and not killed and not hangs"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests, "-k", chosen],
        cwd=HERE.parents[2], env={**os.environ, "INTERNEG_SANITIZE": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AddressSanitizer" not in done.stdout and "runtime error" not in done.stdout
