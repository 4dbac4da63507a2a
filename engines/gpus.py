"""GPUs: the one that is here, and the compute capabilities of those that facilities have."""

from __future__ import annotations

import ctypes
import functools
import re
import subprocess
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from interneg.errors import EngineError, UsageError, near


class Gpu(NamedTuple):
    """One GPU. capability: NVIDIA's compute capability, (8, 9). memory: bytes. driver: its version or ""."""

    name: str
    capability: tuple[int, int]
    memory: int = 0
    driver: str = ""

    @property
    def target(self) -> str:
        """The capability as engines name it, "sm89"."""
        return "sm{}{}".format(*self.capability)


class NoGpuError(EngineError):
    """There is no NVIDIA GPU here, or no driver of it: nothing to mend on a machine that is to have none."""

    def __init__(self) -> None:
        super().__init__("there is no NVIDIA GPU, or no driver of it, here")


COMPUTE: Mapping[str, int] = MappingProxyType(
    {
        "GTX 1630": 75, "GTX 1650": 75, "GTX 1660": 75, "T400": 75, "T500": 75, "T600": 75,
        "T1000": 75, "T1200": 75, "T2000": 75, "RTX 2050": 86,
        "Quadro RTX 3000": 75, "RTX 2060": 75, "RTX 2070": 75, "RTX 2080": 75, "RTX 2080 Ti": 75,
        "Titan RTX": 75, "Quadro RTX 4000": 75, "Quadro RTX 5000": 75, "Quadro RTX 6000": 75,
        "Quadro RTX 8000": 75, "T4": 75,
        "A30": 80, "A100": 80, "A800": 80,
        "RTX 3050": 86, "RTX 3060": 86, "RTX 3070": 86, "RTX 3080": 86, "RTX 3090": 86, "A2": 86, "A10": 86,
        
        "RTX A400": 86, "RTX A500": 86, "RTX A1000": 86, "RTX A3000": 86, "A10G": 86,
        "A16": 86, "A40": 86, "RTX A2000": 86, "RTX A4000": 86,
        "RTX A4500": 86, "RTX A5000": 86,
        "RTX A5500": 86, "RTX A6000": 86,
        "RTX 500 Ada": 89, "RTX 1000 Ada": 89, "RTX 3000 Ada": 89, "RTX 5880 Ada": 89, "L40G": 89,
        "RTX 4050": 89, "L2": 89, "L20": 89, "RTX 3500 Ada": 89, "RTX 4000 SFF Ada": 89,
        "RTX 4060": 89, "RTX 4070": 89, "RTX 4080": 89, "RTX 4090": 89, "L4": 89, "L40": 89, "L40S": 89,
        "RTX 2000 Ada": 89, "RTX 4000 Ada": 89, "RTX 4500 Ada": 89, "RTX 5000 Ada": 89, "RTX 6000 Ada": 89,
        "H100": 90, "H200": 90, "GH200": 90, "H20": 90,
        "B200": 100, "GB200": 100, "B300": 103, "GB300": 103,
        "RTX 5050": 120, "RTX PRO 2000 Blackwell": 120,
        "RTX 5060": 120, "RTX 5070": 120, "RTX 5080": 120, "RTX 5090": 120, "RTX PRO 4000 Blackwell": 120,
        "RTX PRO 4500 Blackwell": 120, "RTX PRO 5000 Blackwell": 120, "RTX PRO 6000 Blackwell": 120,
        "GB10": 121,
    }
)  # fmt: skip
"""From NVIDIA's list "CUDA GPU Compute Capability"; Ti and Super cards are as those without."""

OLDEST = 75
"""What TensorRT for RTX, and today's TensorRT, start at."""

OLD: Mapping[str, int] = MappingProxyType(
    {
        "GTX 970": 52, "GTX 980": 52, "M60": 52, "P100": 60, "GTX 1050": 61, "GTX 1060": 61, "GTX 1070": 61,
        "GTX 1080": 61, "Quadro P4000": 61, "Quadro P5000": 61, "Quadro P6000": 61, "P4": 61, "P40": 61,
        "Titan V": 70, "V100": 70, "Quadro GV100": 70,
    }
)  # fmt: skip
"""Those that facilities still have, so that they can be told why not."""


def known(name: str) -> Gpu:
    """A GPU by what people or its driver call it: "RTX 4090", "NVIDIA L4", or its capability, "sm89".

    Raises UsageError for one that is too old, or, with near matches, that is not in the list.
    """
    word = plain(name)
    folded = {k.casefold(): c for k, c in (*COMPUTE.items(), *OLD.items())}
    digits = word.removeprefix("sm")
    capability = folded.get(word)
    if capability is None and word.startswith("sm") and digits.isdigit():
        capability = next((c for c in folded.values() if c == int(digits)), None)
    if capability is None:
        capabilities = ", ".join(f"sm{c}" for c in sorted(set(COMPUTE.values())))
        raise UsageError(
            f"there is no GPU '{name}' in the list{near(name, COMPUTE)}: name one that is, or name its "
            f"compute capability, such as sm89 (there are {capabilities})"
        )
    if capability < OLDEST:
        raise UsageError(
            f"{name} is too old: TensorRT for RTX starts at 7.5, and its compute capability is "
            f"{capability / 10:.1f}"
        )
    return Gpu(name, divmod(capability, 10))


def short(name: str) -> str:
    """A GPU's name without its maker, written as in the list: "NVIDIA L4", "nvidia l4" and "L4" are "L4".

    "NVIDIA RTX 6000 Ada Generation" is "RTX 6000 Ada".
    """
    words = name.split()
    while len(words) > 1 and words[0].casefold() in ("nvidia", "geforce", "tesla", "grid"):
        del words[0]
    if len(words) > 1 and words[-1].casefold() == "generation":
        del words[-1]
    rest = " ".join(words)
    return next((k for k in COMPUTE if k.casefold() == rest.casefold()), rest)


def plain(name: str) -> str:
    """A GPU's name in small letters, without its maker and, where the list has the rest, its build.

    "NVIDIA A100-SXM4-80GB" becomes "a100".
    """
    words = re.split(r"[\s-]+", short(name).casefold())
    listed = {k.casefold() for k in (*COMPUTE, *OLD)}
    end = len(words)
    while end > 1 and " ".join(words[:end]) not in listed and _BUILD.fullmatch(words[end - 1]):
        end -= 1
    return " ".join(words[:end] if " ".join(words[:end]) in listed else words)


_BUILD = re.compile(
    r"ti|super|d|laptop|gpu|generation|pcie|sxm\d?|nvl|hbm\w*|\d+gb|workstation|server|sff|edition|max|q|with|design"
    r"|active|\d+[abcq]"  # the latter: NVIDIA's vGPU profiles, "A40-24Q"
)
"""Words of names that say how a card is built or sold, not what it computes."""


@functools.cache
def cuda() -> ctypes.CDLL | None:
    """NVIDIA's driver library; None where there is none."""
    try:
        return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None


_NO_DEVICE = 100
"""CUDA_ERROR_NO_DEVICE in cuda.h."""


def without_device() -> bool:
    """Whether there is no driver library, or one that finds no GPU."""
    driver = cuda()
    return driver is None or driver.cuInit(0) == _NO_DEVICE


def current() -> Gpu | None:
    """The one out of `here` that TensorRT builds for and runs on: CUDA's first, by $CUDA_VISIBLE_DEVICES."""
    found = here()
    name = ctypes.create_string_buffer(256)
    if found and (driver := cuda()) is not None and driver.cuInit(0) == 0:
        device = ctypes.c_int()
        if driver.cuDeviceGet(ctypes.byref(device), 0) == 0:
            driver.cuDeviceGetName(name, len(name), device)
    first = name.value.decode(errors="replace")
    return next((gpu for gpu in found if gpu.name == first), found[0] if found else None)


def here() -> list[Gpu]:
    """The NVIDIA GPUs of this machine, as their driver tells; none where there is no driver."""
    asked = ("name", "compute_cap", "memory.total", "driver_version")
    command = ["nvidia-smi", f"--query-gpu={','.join(asked)}", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        rows = [[v.strip() for v in line.split(",")] for line in listed.splitlines() if line.strip()]
        return [
            Gpu(name, (int(cap.split(".")[0]), int(cap.split(".")[1])), int(float(memory)) * 2**20, driver)
            for name, cap, memory, driver in rows
        ]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
