"""The few functions of torchvision that spandrel uses, so that its tests need no torchvision.

No build of torchvision fits the CPU build of torch that the tests run on. spandrel takes a rotation and a
normalisation from it, for two architectures (LaMa, RestoreFormer) that no test imports weights of.
"""

from __future__ import annotations

import enum
import sys
from types import ModuleType

import pytest


class InterpolationMode(enum.Enum):
    NEAREST = "nearest"
    BILINEAR = "bilinear"


def _unused(*args: object, **facts: object) -> None:
    raise NotImplementedError("the stand-in for torchvision only lets spandrel be imported")


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Let spandrel be imported where torchvision is not installed."""
    modules = {name: ModuleType(name) for name in ("torchvision", "torchvision.transforms")}
    functional = ModuleType("torchvision.transforms.functional")
    functional.InterpolationMode = InterpolationMode  # type: ignore[attr-defined]
    functional.rotate = functional.normalize = _unused  # type: ignore[attr-defined]
    for name, module in {**modules, functional.__name__: functional}.items():
        patch.setitem(sys.modules, name, module)
