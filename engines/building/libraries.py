"""NVIDIA's two libraries that build engines and run them, and what they say meanwhile."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any, NamedTuple

from interneg.errors import EngineError

log = logging.getLogger("interneg.engines")

PORTABLE = "portable"
"""The target of engines that run on every GPU of compute capability 8.0 and later."""


class Library(NamedTuple):
    """A builder and runtime of NVIDIA's. targets: what it builds for beside the GPU at hand."""

    name: str
    module: str
    extra: str
    targets: tuple[str, ...]

    def missing(self) -> str | None:
        """Why it cannot be used, or None. Imports nothing."""
        if importlib.util.find_spec(self.module) is None:
            return f"{self.module} not installed: pip install '{self.extra}'"
        return None

    def version(self) -> str:
        """Of the installed library; "unknown" where it is none."""
        try:
            return version(self.module.replace("_", "-"))
        except PackageNotFoundError:
            return "unknown"

    def load(self) -> Any:
        """The module. Raises EngineError where it is missing or broken."""
        if reason := self.missing():
            raise EngineError(f"{self.name}: {reason}")
        try:
            return importlib.import_module(self.module)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                f"{self.name} is installed but cannot be loaded: {error}; reinstall it"
            ) from error


LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        library.name: library
        for library in (
            Library("tensorrt", "tensorrt", "interneg[tensorrt]", ()),
            Library(
                "tensorrt-rtx",
                "tensorrt_rtx",
                "interneg[tensorrt-rtx]",
                (PORTABLE, "sm75", "sm80", "sm86", "sm89", "sm120", "sm121"),
            ),
        )
    }
)


def cuda_version(library: Library) -> str:
    """The major version of CUDA that the installed library was made for, such as "13"; "" where unknown."""
    name = library.module.replace("_", "-")
    for major in ("13", "12", "11"):
        try:
            version(f"{name}-cu{major}")
        except PackageNotFoundError:
            continue
        return major
    return ""


def new_listener(trt: Any) -> Any:
    """A logger for a library (trt: its module) that keeps complaints; the rest become debug lines of ours.

    It has `errors`, the complaints, oldest first, and `complaints()`, all of them as one text.
    """

    class Listener(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []

        def log(self, severity: Any, text: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.errors.append(" ".join(text.split()))
            else:
                log.debug("%s", text)

        def complaints(self) -> str:
            return "; ".join(self.errors) or "it gave no reason"

    return Listener()
