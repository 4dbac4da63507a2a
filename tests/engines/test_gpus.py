"""GPUs by name, and the one that is here."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from interneg.engines import gpus
from interneg.errors import UsageError


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("RTX 4090", "sm89"),
        ("rtx  4090", "sm89"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "sm89"),
        ("RTX 4070 Ti SUPER", "sm89"),
        ("RTX 2080 Ti", "sm75"),
        ("Tesla T4", "sm75"),
        ("NVIDIA A100-SXM4-80GB", "sm80"),
        ("NVIDIA H100 80GB HBM3", "sm90"),
        ("NVIDIA RTX 6000 Ada Generation", "sm89"),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "sm120"),
        ("Quadro RTX 6000", "sm75"),
        ("sm86", "sm86"),
        ("SM90", "sm90"),
    ],
)
def test_a_gpu_is_known_by_what_people_and_its_driver_call_it(name: str, target: str) -> None:
    assert gpus.known(name).target == target


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("RTX 4900", "RTX 4090"),
        ("RTX 6000", "RTX A6000"),  # there are three, of three generations
        ("RTX 4090 potato", "did you mean 'RTX 4090'"),
        ("sm99", "by its compute capability: sm75, sm80"),
        ("Ti", "by its compute capability"),
        ("", "by its compute capability"),
    ],
)
def test_an_unknown_gpu_is_refused_with_what_may_be_meant(name: str, says: str) -> None:
    with pytest.raises(UsageError, match="there is no GPU") as caught:
        gpus.known(name)
    assert says in str(caught.value)


def test_the_gpus_here_are_those_the_driver_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "NVIDIA L4, 8.9, 23034, 575.57\nNVIDIA RTX PRO 6000 Blackwell, 12.0, 97887, 575.57\n"

    def answer(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, said)

    monkeypatch.setattr(subprocess, "run", answer)
    first, second = gpus.here()
    assert first == gpus.Gpu("NVIDIA L4", (8, 9), 23034 * 2**20, "575.57")
    assert (first.target, second.target) == ("sm89", "sm120")


@pytest.mark.parametrize("said", ["no devices were found", "NVIDIA L4, [N/A], 23034, 575\n", ""])
def test_where_the_driver_answers_wrongly_there_is_no_gpu(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, said))
    assert gpus.here() == []


def test_where_there_is_no_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert gpus.here() == []
