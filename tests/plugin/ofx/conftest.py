"""Bundles to test, and a process of its own for the host, so that a crash fails one test."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import UsageError
from interneg.nodes import NODES

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

_LONGEST = 120
"""Seconds after which a test in a host process counts as hanging."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "hosted: runs in a process of its own, which may crash")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle as the product builds it, with the nodes of example_nodes.py in its nodes.json too."""
    from example_nodes import NODES as EXAMPLES

    from interneg.plugin.ofx import build, nodes

    try:
        made = build.build(tmp_path_factory.mktemp("bundle"))
    except UsageError as error:
        pytest.skip(f"the plugin cannot be built here: {error}")
    catalogue = nodes.catalogue([*NODES.values(), *EXAMPLES.values()])
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
            failure = pickle.load(python.stdout)
        except EOFError:
            self._python = None
            pytest.fail(f"the host process ended with {python.wait()}", pytrace=False)
        if failure:
            pytest.fail(failure, pytrace=False)

    def end(self) -> None:
        if self._python is not None:
            self._python.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "INTERNEG_RUNTIME": str(self.runtime),
            "INTERNEG_WORKER": f"{sys.executable} {HERE / 'example_worker.py'}",
            "OMP_NUM_THREADS": "1",
            "PYTHONFAULTHANDLER": "1",
        }
        limit = shutil.which("timeout")
        command = [sys.executable, str(HERE / "host_process.py")]
        return subprocess.Popen(
            [limit, str(10 * _LONGEST), *command] if limit else command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
        )  # fmt: skip
