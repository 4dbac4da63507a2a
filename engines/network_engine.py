"""An engine: a network that takes pictures of any size, which it cuts into tiles where memory asks for it."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from interneg.engine import Traits
from interneg.engines.models import PERCEPTUAL, Model
from interneg.engines.network import Network
from interneg.engines.tiles import Tile, empty, padded, padded_size, plan
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError
from interneg.frame import Box, Pixels
from interneg.spare import Spare

log = logging.getLogger("interneg.engines")


class NetworkEngine:
    """A qualified network that takes pictures of any size. Implements interneg.engine.Engine."""

    def __init__(self, model: Model, network: Network, identity: str, tile_pixels: int) -> None:
        self._model = model
        self._network = network
        self._identity = identity
        self._tile_pixels = tile_pixels
        self._padded = Spare(empty)
        self._lanes = ThreadPoolExecutor(network.lanes, "interneg-lane")

    @property
    def name(self) -> str:
        """The model's name in the catalogue."""
        return self._model.name

    @property
    def identity(self) -> str:
        """Weights SHA-256, runtime and version, precision: what the results depend on."""
        return self._identity

    @property
    def scale(self) -> int:
        """Output pixels per input pixel in each direction."""
        return self._model.scale

    @property
    def traits(self) -> Traits:
        """What the model takes and makes."""
        model = self._model
        return Traits(model.output.name, model.input.channels, model.family == PERCEPTUAL, model.everywhere)

    @property
    def network(self) -> Network:
        """What runs one tile."""
        return self._network

    @property
    def tile_pixels(self) -> int:
        """The largest tile, in pixels."""
        return self._tile_pixels

    def close(self) -> None:
        """Give back what it holds; it is of no use any more then."""
        self._lanes.shutdown()
        self._network.close()

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        """The network's correction for a whole picture.

        planes: (C, H, W) float32, C-contiguous, finite, in the channels and ranges of the catalogue entry.
        border: how many pixels are mirrored around it, None for the model's halo.
        Returns (C', H * scale, W * scale) float32. The tiles depend on the size, the model and the settings
        alone, so the same input gives the same bits; only where memory runs out are they made smaller, which
        is logged, and changes results by rounding.
        Raises InputError, HostMemoryError, GpuMemoryError, EngineError.
        """
        self._network.check(planes)
        height, width = planes.shape[1:]
        model = self._model
        around = model.halo if border is None else border
        least = padded_size(height, width, around, model.multiple)
        size = tuple(map(max, least, model.size or (1, 1)))
        with self._padded.lent((len(planes), *size)) as room:
            wide, border = padded(planes, around, model.multiple, room)
            result = self._whole(wide)
        rows, columns = (slice(border * self.scale, (border + n) * self.scale) for n in (height, width))
        return result[:, rows, columns]

    def _whole(self, planes: Pixels) -> Pixels:
        """The correction for a picture with its border, in smaller tiles where memory runs out."""
        tiles = self._plan(planes, self._tile_pixels)
        if tiles is None:
            failure = EngineError if self._network.tile_pixels is None else GpuMemoryError
            raise failure(f"{self.name} has no tiles of {self._tile_pixels} pixels; allow more memory")
        result = None
        while result is None:
            try:
                result = self._run(planes, tiles)
            except (HostMemoryError, GpuMemoryError):
                window = tiles[0].window
                pixels = window.width * window.height // 2
                smaller = self._plan(planes, pixels)
                if smaller is None:
                    raise
                log.warning(
                    "%s ran out of memory on tiles of %dx%d pixels, going on with half of that; results "
                    "agree with those of other tile sizes to rounding, not bit for bit",
                    self.name,
                    window.width,
                    window.height,
                )
                self._tile_pixels, tiles = pixels, smaller
        return result

    def _plan(self, planes: Pixels, pixels: int) -> tuple[Tile, ...] | None:
        _, height, width = planes.shape
        model, most = self._model, self._network.most
        return plan(height, width, model.halo, model.multiple, pixels, most, model.size)

    def _run(self, planes: Pixels, tiles: tuple[Tile, ...]) -> Pixels:
        s = self.scale
        result = empty(self._network.output_shape(*planes.shape[1:]))
        if len(tiles) == 1:
            self._network.infer(planes, result)
            return result

        def one(tile: Tile) -> None:
            (x0, y0, x1, y1), core = tile
            piece = empty(self._network.output_shape(y1 - y0, x1 - x0))
            self._network.infer(np.ascontiguousarray(planes[:, y0:y1, x0:x1]), piece)
            kept = core.scaled(s)
            inside = Box(core.x0 - x0, core.y0 - y0, core.x1 - x0, core.y1 - y0).scaled(s)
            result[:, kept.y0 : kept.y1, kept.x0 : kept.x1] = piece[
                :, inside.y0 : inside.y1, inside.x0 : inside.x1
            ]

        for _ in self._lanes.map(one, tiles):
            pass
        return result
