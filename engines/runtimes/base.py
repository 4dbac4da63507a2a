"""What the runtimes share: what one has to say about itself, input checks, locking and memory errors."""

from __future__ import annotations

import importlib.util
import platform
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar, NamedTuple

import numpy as np

from interneg.engines.models import Model, Precision
from interneg.engines.store import Store
from interneg.errors import EngineError, HostMemoryError, InputError
from interneg.frame import Pixels


class Choice(NamedTuple):
    """A precision and why it was taken."""

    precision: Precision
    reason: str


class Network(ABC):
    """A model loaded into one runtime at one precision. Safe to call from several threads.

    lanes: how many inferences run at once; further callers wait, since each holds its activations in memory.
    build: which engine of the store it is, "" where it runs from the weights themselves.
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


class Runtime(ABC):
    """Something that runs ONNX models on this machine. Stateless; asking it costs no heavy import."""

    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    """The modules it needs; the first one's version is the runtime's."""
    extra: ClassVar[str]
    """What to install for it."""

    def unavailable(self) -> str | None:
        """Why it cannot be used here, or None. Imports nothing."""
        missing = [p for p in self.packages if importlib.util.find_spec(p) is None]
        return f"{' and '.join(missing)} not installed: pip install '{self.extra}'" if missing else None

    def version(self) -> str:
        """The version of the installed runtime."""
        try:
            return version(self.packages[0])
        except PackageNotFoundError:
            return "unknown"

    def device(self) -> str:
        """What it runs on, for the log and the qualification records."""
        return f"{platform.processor() or platform.machine()} CPU"

    @abstractmethod
    def precisions(self) -> Mapping[Precision, str]:
        """For every precision why it cannot run here, or an empty string where it can."""

    def choose(self, model: Model) -> Choice:
        """The precision that wins here for a model, and why."""
        return Choice("fp32", f"{self.name} runs models in fp32")

    def load(self, model: Model, precision: Precision, threads: int | None, store: Store) -> Network:
        """Load a model's weights, verified. threads: CPU threads to use, None for all. store: of engines.

        Raises EngineError where the precision cannot run here, the model has no weights for it, the weights
        are not the catalogue's, or the runtime refuses the graph.
        """
        reason = self.precisions()[precision]
        if not reason and precision == "int8" and "int8" not in model.weights:
            reason = f"{model.name} has no int8 weights"
        if reason:
            raise EngineError(f"{self.name} cannot run {model.name} in {precision}: {reason}")
        return self._load(model, model.read(precision), precision, threads, store)

    @abstractmethod
    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        """Load ONNX `weights`, or what the store has been built of them, at a precision known to run here."""
