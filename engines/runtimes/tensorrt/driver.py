"""The GPU's driver: whether it is here, which GPU it has, its context, and pycuda, which speaks to it."""

from __future__ import annotations

import functools
import threading
from typing import Any

from interneg.engines import gpus
from interneg.engines.building.libraries import Library, cuda_version
from interneg.engines.gpus import Gpu, NoGpuError
from interneg.errors import EngineError, GpuMemoryError


def has_driver() -> bool:
    """Whether NVIDIA's driver library is here."""
    return gpus.cuda() is not None


@functools.cache
def gpu_is_listed() -> str:
    """The name of a GPU that nvidia-smi lists, "" where it lists none; asked once, the answer takes time."""
    return next((gpu.name for gpu in gpus.here()), "")


def require_driver() -> None:
    """Raise NoGpuError where there is no driver library, EngineError where only its CUDA part is missing."""
    if has_driver():
        return
    if name := gpu_is_listed():
        raise EngineError(
            f"nvidia-smi lists {name}, but the driver's CUDA library cannot be loaded: start a "
            "container with NVIDIA_DRIVER_CAPABILITIES=compute,utility; else install the driver anew"
        )
    raise NoGpuError


def load_pycuda() -> Any:
    """pycuda's driver module. Raises EngineError where it does not fit the driver."""
    try:
        import pycuda.driver
    except (ImportError, OSError) as error:
        raise EngineError(
            f"pycuda is installed but cannot be loaded: {error}; update the GPU driver, or reinstall pycuda"
        ) from error
    return pycuda.driver


def first_gpu(library: Library) -> Gpu:
    """The GPU that engines of a library run on.

    Raises NoGpuError where there is none, EngineError where the driver is too old, or answers wrongly.
    """
    cuda = load_pycuda()
    try:
        cuda.init()
        device = cuda.Device(0)
        supported = cuda.get_driver_version() // 1000
        name, capability, memory = device.name(), device.compute_capability(), device.total_memory()
    except cuda.Error as error:
        if gpus.without_device():
            raise NoGpuError from error
        raise EngineError(f"the GPU does not answer: {error}; see whether nvidia-smi lists it") from error
    needed = cuda_version(library)
    if needed and supported < int(needed):
        raise EngineError(
            f"the GPU driver supports CUDA {supported}, this {library.name} was made for CUDA {needed}: "
            f"update the driver, or install the library for CUDA {supported}"
        )
    return Gpu(name, tuple(capability), memory, driver_version(name))


@functools.cache
def driver_version(name: str) -> str:
    """The version of the driver of the GPU `name`, "" where unknown; asked once, the answer takes seconds."""
    return next((gpu.driver for gpu in gpus.here() if gpu.name == name), "")


_retaining = threading.Lock()
_contexts: dict[Any, Any] = {}


def primary_context(cuda: Any) -> Any:
    """The primary context of the first GPU, which torch uses too, so that both share one process's memory.

    cuda: pycuda's driver module. The context is kept until the process ends: pycuda leaves it on the thread's
    stack when it releases it, dead. Raises cuda.Error.
    """
    with _retaining:
        if cuda not in _contexts:
            cuda.init()
            _contexts[cuda] = cuda.Device(0).retain_primary_context()
        return _contexts[cuda]


class OurErrors:
    """A context in which pycuda's errors become GpuMemoryError and EngineError.

    cuda: pycuda's driver module. library, purpose: for the message.
    No generator: on Python 3.12 the error and the generator's frame would hold each other, and with them all
    that the traceback names, beyond the GPU's context.
    """

    def __init__(self, cuda: Any, library: str, purpose: str) -> None:
        self._cuda, self._library, self._purpose = cuda, library, purpose

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: Any) -> None:
        """Raise our error for one of pycuda's."""
        if isinstance(error, self._cuda.MemoryError):
            raise GpuMemoryError(f"no GPU memory to {self._purpose}: {error}") from error
        if isinstance(error, self._cuda.Error):
            raise EngineError(f"{self._library} failed to {self._purpose}: {error}") from error
