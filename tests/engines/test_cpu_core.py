from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import interneg.engines.catalogue as catalogue

ROOT = Path(__file__).parents[2]


def test_there_is_one_core() -> None:
    made = [
        path.relative_to(ROOT).as_posix()
        for room in ("bench", "core", "engines", "nodes", "plugin", "tests")
        for path in sorted((ROOT / room).rglob("*.py"))
        if re.search(r"\.Core\(\)", path.read_text(encoding="utf-8"))
    ]
    assert made == ["engines/cpu_core.py"]


_SIGNALLED = """
import faulthandler, os, signal, sys
faulthandler.enable()  # a stack for signals that has to be there again
from pathlib import Path
from interneg.engines.cpu_core import core
weights = Path(sys.argv[1]).read_bytes()
one, two = (core().compile_model(core().read_model(weights), "CPU") for _ in range(2))
del one
del two
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that is handled")
def test_a_signal_is_handled_after_models_have_come_and_gone() -> None:
    weights = Path(catalogue.__file__).with_name("denoise-sr-lite-x1.onnx")
    done = subprocess.run(
        [sys.executable, "-c", _SIGNALLED, str(weights)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode != -signal.SIGSEGV and done.stdout == "handled\n", done.stderr
