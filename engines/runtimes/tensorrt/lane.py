"""One lane of a network: what runs one tile at a time, from upload to download."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

import numpy as np

from interneg.engines.models import Model
from interneg.engines.runtimes.tensorrt.buffers import Buffer, DeviceMemory
from interneg.engines.runtimes.tensorrt.cuda_graph import Graphs
from interneg.engines.shortage import gpu_memory_is_short
from interneg.errors import EngineError
from interneg.frame import Pixels

log = logging.getLogger("interneg.engines")

_ALIGNMENT = 256
_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: neither waits for what others put on the default stream, nor lets them spoil a
recording."""


class Lane:
    """An execution context with its stream and buffers; buffers only grow, so that tiles reuse them.

    cuda: pycuda's driver module. context: TensorRT's execution context, and config: what it was made with.
    graphs: records CUDA graphs, None where the library does so itself. listener: of the library's complaints.
    computed: seconds that the network took in the last run, transfers left out.
    """

    def __init__(
        self, cuda: Any, context: Any, config: Any, model: Model, graphs: Graphs | None, listener: Any
    ) -> None:
        self._cuda, self._context, self._config, self._graphs = cuda, context, config, graphs
        self._listener, self._errors_before = listener, 0
        self._name = model.name
        self._input, self._output, self._scratch = Buffer(cuda), Buffer(cuda), DeviceMemory(cuda)
        self._tensors = ((model.input.name, self._input), (model.output.name, self._output))
        self._stream: Any = cuda.Stream(_NON_BLOCKING)
        self._shape: tuple[int, ...] = ()
        self._warm = False
        self._graph: int | None = None
        self._events: Any = cuda.Event(), cuda.Event()
        self.computed = 0.0

    def run(self, planes: Pixels, out: Pixels) -> None:
        """Upload, compute, download.

        planes: (1, C, H, W) float32, C-contiguous, of a size within the engine's profile.
        out: (1, C', H', W') float32, written to.
        Raises pycuda's MemoryError or Error, MemoryError, EngineError.
        """
        self._errors_before = len(self._listener.errors)
        try:
            self._prepare(planes, out)
            self._input.upload(planes, self._stream)
            # No other names for the events: a traceback would keep them beyond the GPU's context.
            self._events[0].record(self._stream)
            self._enqueue()
            self._events[1].record(self._stream)
            result = self._output.download(out.shape, self._stream)
            self._stream.synchronize()
            self.computed = self._events[0].time_till(self._events[1]) / 1000
        except BaseException:
            # What is under way still uses the buffers, and what state the context is in nobody knows.
            self._settle()
            self._unset()
            raise
        np.copyto(out, result)

    def shed(self) -> None:
        """Free the buffers; the next run makes new ones."""
        self._unset()
        for memory in (self._input, self._output, self._scratch):
            memory.free()

    def close(self) -> None:
        """Free everything, contexts before the memory that they work in."""
        self._settle()
        self._unset()
        self._context = None
        self._config = None
        self.shed()
        self._events = None
        self._stream = None

    def _settle(self) -> None:
        """Wait until nothing uses the buffers. A GPU that failed says so at every call, and uses nothing."""
        with suppress(self._cuda.Error):
            self._stream.synchronize()

    def _prepare(self, planes: Pixels, out: Pixels) -> None:
        """Buffers and shapes for these arrays. Where memory is short nothing is left half set."""
        for buffer, array in ((self._input, planes), (self._output, out)):
            if array.nbytes > buffer.size:
                self._unset()
                buffer.renew(array)
        if planes.shape != self._shape:
            # A graph is of the context as it was when recorded; replaying it after a change is undefined.
            self._unset()
            if not self._context.set_input_shape(self._tensors[0][0], planes.shape):
                raise EngineError(f"the engine takes no input of shape {planes.shape}: {self._complaints()}")
            # An engine that needs no memory to work in gets some, since without it may complain.
            needed = max(self._context.update_device_memory_size_for_shapes(), _ALIGNMENT)
            if needed > self._scratch.size:
                self._scratch.renew(needed)
            self._context.set_device_memory(int(self._scratch), self._scratch.size)
            for name, buffer in self._tensors:
                if not self._context.set_tensor_address(name, int(buffer)):
                    raise EngineError(f"the engine takes no memory for {name}: {self._complaints()}")
            self._shape = planes.shape

    def _enqueue(self) -> None:
        """Launch the network: the first time of a shape plainly, since it allocates; then as a CUDA graph."""
        handle = self._stream.handle
        if self._graphs is not None and self._warm and self._graph is None:
            try:
                self._graph = self._graphs.record(handle, lambda: self._launch(handle))
            except EngineError as error:
                log.warning("%s runs without a CUDA graph: %s", self._name, error)
                self._graphs = None
        if self._graphs is not None and self._graph is not None:
            self._graphs.launch(self._graph, handle)
        else:
            self._launch(handle)
            self._warm = True

    def _launch(self, handle: int) -> None:
        if not self._context.execute_async_v3(handle):
            complaint = self._complaints()
            if gpu_memory_is_short(complaint):
                raise self._cuda.MemoryError(complaint)
            raise EngineError(f"the engine could not be started: {complaint}")

    def _complaints(self) -> str:
        """What the library complained of since this run began; another lane's complaints may be among it."""
        return "; ".join(self._listener.errors[self._errors_before :]) or "it gave no reason"

    def _unset(self) -> None:
        """Forget the shape, and with it the graph, which holds the addresses of buffers."""
        if self._graphs is not None and self._graph is not None:
            self._graphs.destroy(self._graph)
        self._graph = None
        self._warm = False
        self._shape = ()
