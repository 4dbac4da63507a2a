"""The processor of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interneg.processor import cores, processor_name


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 5, 7}, raising=False)
    assert cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_the_name_is_the_first_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    content = "processor\t: 0\nmodel name\t: Fast 9000 @ 3GHz\nprocessor\t: 1\nmodel name\t: Slow 1\n"
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: content)
    assert processor_name() == "Fast 9000 @ 3GHz"


def test_without_a_list_of_processors_the_architecture_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(self: Path, encoding: str) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", absent)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert processor_name() == "arm64"
