"""The engine protocol: what a node may ask of a network, whichever runtime runs it."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from interneg.errors import EngineError
from interneg.frame import Pixels

ONE_SIGMA = "one sigma"
"""The plane of a model that is told one number of noise for all of its picture: the mean of that plane."""

CORRECTED = ("Y", "Cb", "Cr", "sigma Y", "sigma C", "q")
"""What a model takes whose correction is added to a picture: that, the deviations of the noise of its luma
and of its colour, and the level of compression.
"""


class Traits(NamedTuple):
    """What a node has to know of a model that is none of Interneg's own.

    makes: what its output is: "picture" where that is R, G, B or Y, encoded in 0..1; "correction" where it is
    to be added to Y, Cb, Cr. takes: what each input plane holds: of a picture "R", "G", "B" or "Y", likewise,
    and after them "sigma", the standard deviation of the noise in the same units at each pixel, or "one
    sigma", which is the same at all; of a correction `CORRECTED`.
    perceptual: whether it was trained to please the eye, and so draws what was not photographed.
    everywhere: the operators by which each result pixel depends on the whole picture; empty where none does.
    """

    makes: str
    takes: tuple[str, ...]
    perceptual: bool = False
    everywhere: tuple[str, ...] = ()


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

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        """Run the network over one whole picture.

        planes: (C, H, W) float32, C-contiguous, in the channels and ranges that the catalogue states; any
            H and W of at least 1 (padding to the model's multiple and tiling are the engine's own affair).
        border: how many pixels of it are mirrored around it, None for as many as a result depends on; less
            where what is near its edges counts for nothing.
        Returns (C', H * scale, W * scale) float32. Tiled and untiled results agree to rounding.
        Raises InputError for a wrong shape or dtype, GpuMemoryError, HostMemoryError.
        """


@runtime_checkable
class ToldEngine(Engine, Protocol):
    """An engine that tells what its model takes and makes."""

    @property
    def traits(self) -> Traits:
        """What it takes and makes."""


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
