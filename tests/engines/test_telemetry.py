"""Engines tell nobody that they run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from interneg.engines.source import Engines
Engines(runtime="openvino").open("denoise-sr-lite-x1")
print(sorted(name for name in sys.modules if name.startswith("openvino_telemetry.")))
"""


def test_openvino_reports_nothing_and_leaves_nothing_in_the_home(tmp_path: Path) -> None:
    # In CI OpenVINO would report nothing of itself.
    kept = {name: v for name, v in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environment = {**kept, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-I", "-c", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "[]\n"
    assert not (tmp_path / "intel").exists()
