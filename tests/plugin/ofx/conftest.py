"""Bundles to test, and a process of its own for the host, so that a crash fails one test."""

from __future__ import annotations

import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import UsageError
from interneg.nodes import NODES
from interneg.plugin.worker.client import Client
from interneg.plugin.worker.protocol import Kind

HERE = Path(__file__).parent

SANITIZE = bool(os.environ.get("INTERNEG_SANITIZE"))
"""Whether the plugin is built with the sanitizers, whose library the host process then loads first."""

_LONGEST = 120
"""Seconds after which a test in a host process counts as hanging."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "hosted: runs in a process of its own, which may crash")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as the product builds it, with the toys in its nodes.json too."""
    from interneg.plugin.ofx import build, nodes
    from tests.toys import HOSTED

    if platform.machine() != "x86_64":
        pytest.skip("the test host reads variable arguments as x86-64 passes them")
    try:
        made = build.build(tmp_path_factory.mktemp("bundle"), sanitize=SANITIZE)
    except UsageError as error:
        pytest.skip(f"the plugin cannot be built here: {error}")
    catalogue = nodes.catalogue([*NODES.values(), *HOSTED.values()])
    (made / "Contents/Resources/nodes.json").write_text(json.dumps(catalogue))
    return made


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """A process for the hosts of one module, and a folder in which their worker lives."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    started = HostProcess(folder)
    yield started
    started.end()


@pytest.fixture
def runtime(process: HostProcess) -> Path:
    """The folder of the socket."""
    return process.runtime


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that are marked as hosted in the host process."""
    if pyfuncitem.get_closest_marker("hosted") is None:
        return None
    process: HostProcess = pyfuncitem._request.getfixturevalue("process")
    wanted = pyfuncitem._fixtureinfo.argnames
    process.run(pyfuncitem.path, pyfuncitem.originalname, {n: pyfuncitem.funcargs[n] for n in wanted})
    return True


class HostProcess:
    """A Python that runs one test after the other; a new one is started where it crashed."""

    def __init__(self, runtime: Path) -> None:
        self.runtime = runtime
        self._python: subprocess.Popen[bytes] | None = None

    def run(self, path: Path, name: str, arguments: dict[str, Any]) -> None:
        """Run a test function there. Fails with its traceback, or with the signal that ended the process."""
        python = self._python = self._python or self._start()
        assert python.stdin and python.stdout
        pickle.dump((str(path), name, arguments), python.stdin)
        python.stdin.flush()
        try:
            failed, skipped = pickle.load(python.stdout)
        except EOFError:
            self._python = None
            pytest.fail(f"the host process ended with {python.wait()}", pytrace=False)
        if skipped:
            pytest.skip(skipped)
        if failed:
            pytest.fail(failed, pytrace=False)

    def end(self) -> None:
        if self._python is not None:
            self._python.communicate()
        if client := Client.connect("test", self.runtime / "worker.sock"):
            with client:
                client.ask(Kind.STOP, {})

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "INTERNEG_WORKER_DIR": str(self.runtime),
            "INTERNEG_WORKER": f"{sys.executable} {HERE / 'example_worker.py'}",
            "XDG_DATA_HOME": str(self.runtime / "data"),  # where reports go
            "DISPLAY": "",
            "WAYLAND_DISPLAY": "",
            "OMP_NUM_THREADS": "1",
            "PYTHONFAULTHANDLER": "1",
        }
        if SANITIZE:
            # The exceptions of C++ in Python's modules are watched too, and need its library.
            names = ("libasan.so", "libstdc++.so")
            find = [["gcc", f"-print-file-name={name}"] for name in names]
            paths = [subprocess.check_output(command, text=True).strip() for command in find]
            environment |= {"LD_PRELOAD": " ".join(paths), "ASAN_OPTIONS": "detect_leaks=0"}
        limit = shutil.which("timeout")
        command = [sys.executable, str(HERE / "host_process.py")]
        return subprocess.Popen(
            [limit, str(10 * _LONGEST), *command] if limit else command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
