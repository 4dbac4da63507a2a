"""A share of `python -m bench fuzz`: inputs changed at random end commands with a documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="processes are forked")]

# In a process of its own: what other tests have loaded has threads, which forks lack.
SHARE = """
import sys
from pathlib import Path
from bench.fuzz import fuzzed
from bench.fuzz_samples import KINDS

cases = 5 * len(KINDS)
found = list(fuzzed(Path(sys.argv[1]), range(cases), 7))
assert len(found) == cases
assert len({end for _, end in found}) > 2, found
for fault, _ in found:
    if fault:
        print(fault)
"""


def test_changed_inputs_end_with_documented_exit_codes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHARE, str(tmp_path)],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
