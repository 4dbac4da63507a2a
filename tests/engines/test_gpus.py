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
        ("NVIDIA RTX A1000", "sm86"),
        ("NVIDIA GeForce RTX 4050 Laptop GPU", "sm89"),
        ("NVIDIA RTX 3500 Ada Generation Laptop GPU", "sm89"),
        ("NVIDIA RTX 4000 SFF Ada Generation", "sm89"),
        ("NVIDIA RTX PRO 2000 Blackwell Generation Laptop GPU", "sm120"),
        ("NVIDIA T1000 8GB", "sm75"),
        ("Quadro RTX 3000 with Max-Q Design", "sm75"),
        ("NVIDIA A40-24Q", "sm86"),
        ("GRID T4-16Q", "sm75"),
        ("NVIDIA L20", "sm89"),
        ("NVIDIA GB200", "sm100"),
        ("sm100", "sm100"),
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
        ("RTX 4900", "or name its compute capability, such as sm89"),
        ("sm99", "such as sm89 (there are sm75, sm80"),
        ("Ti", "or name its compute capability"),
        ("", "or name its compute capability"),
    ],
)
def test_an_unknown_gpu_is_refused_with_what_may_be_meant(name: str, says: str) -> None:
    with pytest.raises(UsageError, match="there is no GPU") as caught:
        gpus.known(name)
    assert says in str(caught.value)


@pytest.mark.parametrize("name", ["Tesla V100-SXM2-16GB", "GTX 1080 Ti", "NVIDIA GeForce GTX 1080", "sm70"])
def test_a_gpu_that_is_too_old_is_refused_as_such(name: str) -> None:
    with pytest.raises(UsageError, match=r"is too old: TensorRT for RTX starts at 7\.5.*(7\.0|6\.1)"):
        gpus.known(name)


@pytest.mark.parametrize(
    "name", ["L4", "NVIDIA L4", "nvidia  l4", "RTX 4090", "NVIDIA GeForce RTX 4090", "GeForce RTX 4090"]
)
def test_a_gpu_has_one_short_name(name: str) -> None:
    assert gpus.short(name) in ("L4", "RTX 4090")


def test_a_generation_is_no_part_of_the_name() -> None:
    assert gpus.short("NVIDIA RTX 6000 Ada Generation") == gpus.short("RTX 6000 Ada") == "RTX 6000 Ada"


def test_the_gpus_here_are_those_the_driver_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "NVIDIA L4, 8.9, 23034, 575.57\nNVIDIA RTX PRO 6000 Blackwell, 12.0, 97887, 575.57\n"

    def answer(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, listed)

    monkeypatch.setattr(subprocess, "run", answer)
    first, second = gpus.here()
    assert first == gpus.Gpu("NVIDIA L4", (8, 9), 23034 * 2**20, "575.57")
    assert (first.target, second.target) == ("sm89", "sm120")


@pytest.mark.parametrize("answer", ["no devices were found", "NVIDIA L4, [N/A], 23034, 575\n", ""])
def test_where_the_driver_answers_wrongly_there_is_no_gpu(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 0, answer))
    assert gpus.here() == []


def test_where_there_is_no_driver_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert gpus.here() == []


class Driver:
    """As much of NVIDIA's driver library as names the first device."""

    def __init__(self, name: bytes, fails: int = 0) -> None:
        self._name, self._fails = name, fails

    def cuInit(self, flags: int) -> int:
        return self._fails

    def cuDeviceGet(self, device: Any, ordinal: int) -> int:
        return 0

    def cuDeviceGetName(self, name: Any, size: int, device: Any) -> int:
        name.value = self._name
        return 0


@pytest.mark.parametrize(
    ("driver", "none"),
    [
        (Driver(b"NVIDIA L4"), False),
        (Driver(b"", fails=100), True),
        (Driver(b"", fails=999), False),
        (None, True),
    ],
)
def test_the_driver_itself_says_that_there_is_no_gpu(
    driver: Driver | None, none: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "cuda", lambda: driver)
    assert gpus.without_device() == none


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        (Driver(b"NVIDIA RTX PRO 6000 Blackwell"), "NVIDIA RTX PRO 6000 Blackwell"),
        (Driver(b"another"), "NVIDIA L4"),
        (Driver(b"", fails=100), "NVIDIA L4"),
        (None, "NVIDIA L4"),
    ],
)
def test_the_current_gpu_is_the_one_that_cuda_calls_the_first(
    driver: Driver | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [gpus.Gpu("NVIDIA L4", (8, 9)), gpus.Gpu("NVIDIA RTX PRO 6000 Blackwell", (12, 0))]
    monkeypatch.setattr(gpus, "cuda", lambda: driver)
    monkeypatch.setattr(gpus, "here", lambda: both)
    found = gpus.current()
    assert found is not None and found.name == name
    monkeypatch.setattr(gpus, "here", list)
    assert gpus.current() is None
