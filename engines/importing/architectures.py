"""spandrel, and where the user accepts their licences the architectures that it keeps apart."""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from interneg.errors import EngineError

EXTRA = "spandrel-extra-arches"
"""The package of architectures under licences of their own, some of them for no commercial use."""

_TORCHVISION = (
    "spandrel needs torchvision, which fits one version of torch each: torch==2.14.1 and torchvision==0.29.1"
)


class Architectures(NamedTuple):
    """spandrel, a loader of weights, and the ids of architectures that are under licences of their own."""

    spandrel: Any
    loader: Any
    restricted: frozenset[str]


def architectures(extra: bool) -> Architectures:
    """What weights can be of. extra: with those of EXTRA. Raises EngineError, saying what to install."""
    spandrel = _package("spandrel", "interneg[spandrel]", " Or export the model to ONNX where it is from")
    if not extra:
        return Architectures(spandrel, spandrel.ModelLoader(), frozenset())
    more = _package("spandrel_extra_arches", "interneg[spandrel-extra-arches]").EXTRA_REGISTRY
    every = spandrel.MAIN_REGISTRY.copy()  # the process's own stays as it is
    every.add(*more, ignore_duplicates=True)
    ids = frozenset(known.architecture.id for known in more)
    return Architectures(spandrel, spandrel.ModelLoader(registry=every), ids)


def _package(name: str, install: str, otherwise: str = "") -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        hint = f" {_TORCHVISION}." if "torchvision" in str(error) else ""
        raise EngineError(
            f"weights of PyTorch are read by {name}: pip install '{install}' ({error}).{hint}{otherwise}"
        ) from error
