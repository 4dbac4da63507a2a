"""The engine protocol: what a node may ask of a network, whichever runtime runs it."""

from __future__ import annotations

from typing import Protocol

from interneg.errors import EngineError
from interneg.frame import Pixels


class Engine(Protocol):
    """A model made ready for one runtime and precision.

    Opened through an `EngineSource`; safe to call from several threads.
    """

    @property
    def name(self) -> str:
        """The model's name in the catalogue."""

    @property
    def identity(self) -> str:
        """What its results depend on: weights SHA-256, runtime and version, precision."""

    @property
    def scale(self) -> int:
        """How many output pixels stand beside one input pixel, in each direction."""

    def run(self, planes: Pixels) -> Pixels:
        """Run the network over one whole picture.

        planes: (C, H, W) float32, C-contiguous, in the channels and ranges that the catalogue states; any
            H and W of at least 1 (padding to the model's multiple and tiling are the engine's own affair).
        Returns (C', H * scale, W * scale) float32. Tiled and untiled results agree to rounding.
        Raises InputError for a wrong shape or dtype, GpuMemoryError, HostMemoryError.
        """


class EngineSource(Protocol):
    """Where nodes get their engines from."""

    def open(self, model: str) -> Engine:
        """Return the engine of a catalogue model; opened once, then shared.

        Raises EngineError where no runtime here can open it, naming each and the reason.
        """


class NoEngines:
    """A source of engines for graphs whose nodes need none, as in tests."""

    def open(self, model: str) -> Engine:
        """Raise EngineError."""
        raise EngineError(f"this graph has no engines, and a node asks for '{model}': give its context some")
