from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from interneg.plugin.ofx.nodes import FILE

SCRIPT = Path(__file__).parents[3] / "plugin" / "resolve" / "interneg_status.py"


def status() -> Any:
    return runpy.run_path(str(SCRIPT))["status"]()


def test_the_status_is_that_of_the_bundle_that_resolve_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "OFX" / "Interneg.ofx.bundle" / "Contents" / "Resources"
    inside.mkdir(parents=True)
    shutil.copy(FILE, inside)
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$* and PYTHONHOME=$PYTHONHOME"\n')
    python.chmod(0o755)
    (inside / "worker.json").write_text(json.dumps({"command": [str(python)]}))
    monkeypatch.setenv("OFX_PLUGIN_PATH", f"/nowhere:{tmp_path / 'OFX'}")
    monkeypatch.setenv("PYTHONHOME", "/resolve")
    shown = status()
    assert shown.startswith(str(inside))
    assert "Nodes: " in shown and "Denoise-SR" in shown
    assert "-I -m interneg.plugin.cli doctor and PYTHONHOME=\n" in shown
    python.unlink()
    assert "interneg install resolve" in status()


def test_a_missing_bundle_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFX_PLUGIN_PATH", "/nowhere")
    if Path("/usr/OFX/Plugins/Interneg.ofx.bundle").exists():
        pytest.skip("Interneg is installed on this machine")
    assert "is not where Resolve looks" in status()
