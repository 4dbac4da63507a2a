"""A network: a model loaded into one runtime, with the checks, locks and memory errors that all share."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import numpy as np

from interneg.engines.models import Model
from interneg.errors import HostMemoryError, InputError
from interneg.frame import Pixels


class Network(ABC):
    """A model loaded into one runtime at one precision. Safe to call from several threads.

    lanes: how many inferences run at once; further callers wait, since each holds its activations in memory.
    build: which engine of the store it is, or what beside its precision it computes in; "" where it runs from
        the weights themselves and in nothing else.
    most: the largest height and width that it takes, None for any. tile_pixels: the largest tile, in pixels,
        that its device has room for; None where host memory decides.
    computed: seconds that the last inference computed on the device, transfers left out; None where there are
        none.
    """

    build = ""
    most: tuple[int, int] | None = None
    tile_pixels: int | None = None
    computed: float | None = None

    def __init__(self, model: Model, lanes: int = 1) -> None:
        self.lanes = lanes
        self._name = model.name
        self._channels = model.input.channels
        self._outputs = len(model.output.channels)
        self._scale = model.scale
        self._multiple = model.multiple
        self._running = threading.BoundedSemaphore(lanes)

    def check(self, planes: Pixels) -> None:
        """Raise InputError unless `planes` is (C, H, W) float32, C-contiguous, with the model's C planes."""
        count = len(self._channels)
        wanted = f"{self._name} takes ({count}, H, W) float32 planes ({', '.join(self._channels)})"
        if not isinstance(planes, np.ndarray) or planes.dtype != np.float32:
            kind = planes.dtype if isinstance(planes, np.ndarray) else type(planes).__name__
            raise InputError(f"{wanted}, not {kind}; convert it with astype(numpy.float32)")
        if planes.ndim != 3 or planes.shape[0] != count or 0 in planes.shape:
            raise InputError(f"{wanted} of at least 1x1, not an array of shape {planes.shape}")
        if not planes.flags.c_contiguous:
            raise InputError(f"{wanted} in C order, not strided; use numpy.ascontiguousarray")

    def output_shape(self, height: int, width: int) -> tuple[int, int, int]:
        """The shape of the correction for an input of this size."""
        return self._outputs, height * self._scale, width * self._scale

    def infer(self, planes: Pixels, out: Pixels) -> None:
        """Write the correction for `planes` into `out`.

        planes: (C, H, W) float32, C-contiguous, H and W multiples of the model's `multiple`.
        out: `output_shape(H, W)` float32, C-contiguous, writeable.
        NaN and inf spread over the receptive field: the caller replaces them first.
        Raises InputError, HostMemoryError, GpuMemoryError; EngineError where the runtime fails.
        """
        self.check(planes)
        height, width = planes.shape[1:]
        if height % self._multiple or width % self._multiple:
            raise InputError(f"{self._name} takes multiples of {self._multiple}, not {width}x{height} pixels")
        with self._running:
            try:
                self._infer(planes[np.newaxis], out[np.newaxis])
            except MemoryError as error:
                raise HostMemoryError(f"no memory to run {self._name} on {width}x{height} pixels") from error

    def close(self) -> None:  # noqa: B027  most hold nothing
        """Give back what it holds outside of this process's memory."""

    @abstractmethod
    def _infer(self, planes: Pixels, out: Pixels) -> None:
        """Run on checked (1, C, H, W) `planes`, into (1, C', H', W') `out`; `lanes` calls at a time.

        Raises MemoryError where host memory is short.
        """
