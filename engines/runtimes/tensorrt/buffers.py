"""Memory of a lane. It only grows, so that tiles of one size use it again, and is freed at once when told."""

from __future__ import annotations

from typing import Any

import numpy as np

from interneg.frame import Pixels


class DeviceMemory:
    """GPU memory. cuda: pycuda's driver module. block: pycuda's allocation, or None. size: its bytes."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self.block: Any = None
        self.size = 0

    def __int__(self) -> int:
        """Its address on the GPU."""
        return int(self.block)

    def renew(self, size: int) -> None:
        """Another block, of `size` bytes, whose contents are undefined. Raises pycuda's MemoryError."""
        self.free()
        self.block = self._cuda.mem_alloc(size)
        self.size = size

    def free(self) -> None:
        """Give it back."""
        if self.block is not None:
            self.block.free()
        self.block, self.size = None, 0


class Buffer:
    """Room for the network's input or output: on the GPU, and page-locked on the host for copies to and fro.

    cuda: pycuda's driver module. size: bytes of the largest array that it has room for.
    """

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._device = DeviceMemory(cuda)
        self._pinned: Any = None
        self.size = 0

    def __int__(self) -> int:
        """Its address on the GPU."""
        return int(self._device)

    def renew(self, array: Pixels) -> None:
        """Room for `array`, float32 of any shape, in place of what was there; nothing is copied.

        Raises pycuda's MemoryError where the GPU is full, MemoryError where the host is.
        """
        self.free()
        self._device.renew(array.nbytes)
        try:
            self._pinned = self._cuda.pagelocked_empty(array.size, np.float32)
        except self._cuda.MemoryError as error:
            raise MemoryError(f"no memory to pin: {error}") from error
        self.size = array.nbytes

    def upload(self, array: Pixels, stream: Any) -> None:
        """Copy `array`, float32 of any shape that there is room for, to the GPU, in the order of the stream.

        Raises pycuda's Error.
        """
        host = self._host(array.shape)
        np.copyto(host, array)
        self._cuda.memcpy_htod_async(self._device.block, host, stream)

    def download(self, shape: tuple[int, ...], stream: Any) -> Pixels:
        """An array of this shape, filled from the GPU once the stream is there. Raises pycuda's Error."""
        host = self._host(shape)
        self._cuda.memcpy_dtoh_async(host, self._device.block, stream)
        return host

    def _host(self, shape: tuple[int, ...]) -> Pixels:
        """The page-locked memory as float32 of a shape that it has room for."""
        array: Pixels = self._pinned[: int(np.prod(shape))].reshape(shape)
        return array

    def free(self) -> None:
        """Give it back now, whoever still holds an array of it."""
        if self._pinned is not None:
            self._pinned.base.free()
        self._device.free()
        self._pinned, self.size = None, 0
