"""Engines: catalogue models opened on the runtimes of this machine, for nodes to run."""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from interneg.engines import qualify
from interneg.engines.gpus import NoGpuError
from interneg.engines.models import PRECISIONS, Model, Precision, find, load_catalogue
from interneg.engines.network import Network
from interneg.engines.records import QualificationKey, Record
from interneg.engines.runtimes import RUNTIMES, Runtime
from interneg.engines.store import Store
from interneg.engines.tiles import TILE_BYTES, Tile, activation_bytes, empty, padded, plan
from interneg.errors import EngineError, GpuMemoryError, HostMemoryError, UsageError, near
from interneg.frame import Box, Pixels

log = logging.getLogger("interneg.engines")


class NetworkEngine:
    """A qualified network that takes pictures of any size. Implements interneg.engine.Engine."""

    def __init__(self, model: Model, network: Network, identity: str, tile_pixels: int) -> None:
        self._model = model
        self._network = network
        self._identity = identity
        self._tile_pixels = tile_pixels
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

    def run(self, planes: Pixels) -> Pixels:
        """The network's correction for a whole picture.

        planes: (C, H, W) float32, C-contiguous, finite, in the channels and ranges of the catalogue entry.
        Returns (C', H * scale, W * scale) float32. The tiles depend on the size, the model and the settings
        alone, so the same input gives the same bits; only where memory runs out are they made smaller, which
        is logged, and changes results by rounding.
        Raises InputError, HostMemoryError, GpuMemoryError, EngineError.
        """
        self._network.check(planes)
        height, width = planes.shape[1:]
        planes, border = padded(planes, self._model.halo, self._model.multiple)
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
        rows, columns = (slice(border * self.scale, (border + n) * self.scale) for n in (height, width))
        return result[:, rows, columns]

    def _plan(self, planes: Pixels, pixels: int) -> tuple[Tile, ...] | None:
        _, height, width = planes.shape
        return plan(height, width, self._model.halo, self._model.multiple, pixels, self._network.most)

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


class Engines:
    """Opens engines, each once, and shares them. Implements interneg.engine.EngineSource; thread-safe.

    runtime: "auto" or a name out of RUNTIMES. precision: "auto" or one of PRECISIONS, never replaced.
    threads: CPU threads of each runtime, None for all. folders: catalogue folders beside the built-in one.
    tile_bytes: activation memory of one tile. store: where qualifications are kept.
    Raises UsageError for a runtime or precision that does not exist, EngineError for a broken catalogue.
    """

    def __init__(
        self,
        runtime: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
        folders: Iterable[str | Path] = (),
        *,
        tile_bytes: int = TILE_BYTES,
        store: Store | None = None,
    ) -> None:
        for kind, word, known in (("runtime", runtime, RUNTIMES), ("precision", precision, PRECISIONS)):
            if word not in ("auto", *known):
                hint = near(word, known) or f" (there are auto, {', '.join(known)})"
                raise UsageError(f"there is no {kind} '{word}'{hint}")
        if threads is not None and threads < 1:
            raise UsageError(f"an engine runs on at least 1 thread, not {threads}")
        self.models: Mapping[str, Model] = load_catalogue(folders)
        self._runtimes = tuple(RUNTIMES.values()) if runtime == "auto" else (RUNTIMES[runtime],)
        self._precision: Precision | None = next((p for p in PRECISIONS if p == precision), None)
        self._threads = threads
        self._tile_bytes = tile_bytes
        self._store = store or Store()
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[NetworkEngine, str]] = {}

    def open(self, model: str) -> NetworkEngine:
        """The engine of a catalogue model.

        Raises EngineError, naming each runtime tried and its reason; GpuMemoryError where a GPU would do but
        is full: going on with another runtime would make its frames differ from those of a free GPU.
        """
        return self._open(model)[0]

    def describe(self, model: str) -> str:
        """Which runtime, version, device and precision run a model here, and why. Opens it."""
        return self._open(model)[1]

    def _open(self, name: str) -> tuple[NetworkEngine, str]:
        with self._lock:
            if name not in self._opened:
                self._opened[name] = self._first(find(self.models, name))
                log.info("%s", self._opened[name][1])
            return self._opened[name]

    def _first(self, model: Model) -> tuple[NetworkEngine, str]:
        refusals: list[tuple[str, EngineError]] = []
        for runtime in self._runtimes:
            try:
                runtime.require()
                engine, text = self._make(runtime, model)
            except EngineError as error:
                refusals.append((runtime.name, error))
            else:
                # On a machine without a GPU that is no news.
                told = (f"; not {n}: {error}" for n, error in refusals if not isinstance(error, NoGpuError))
                return engine, text + "".join(told)
        reasons = "; ".join(f"{n}: {error}" for n, error in refusals)
        raise EngineError(f"no runtime here can open {model.name}: {reasons}")

    def _make(self, runtime: Runtime, model: Model) -> tuple[NetworkEngine, str]:
        if self._precision is not None:
            return self._qualified(runtime, model, self._precision, "as asked")
        precision, why = runtime.choose(model)
        try:
            return self._qualified(runtime, model, precision, why)
        except EngineError as error:
            if precision == "fp32" or isinstance(error, NoGpuError):
                raise
            try:
                return self._qualified(runtime, model, "fp32", str(error))
            except EngineError as second:
                raise EngineError(f"{error}; {second}") from second

    def _qualified(
        self, runtime: Runtime, model: Model, precision: Precision, why: str
    ) -> tuple[NetworkEngine, str]:
        network = runtime.load(model, precision, self._threads, self._store)
        label = f"{runtime.name} {runtime.version()}"
        sha256 = model.file(precision).sha256
        key = QualificationKey(
            model=model.name,
            weights=sha256,
            precision=precision,
            runtime=runtime.name,
            version=f"{runtime.version()} {network.build}".strip(),
            device=runtime.device(),
            system=f"{platform.system()} {platform.machine()}",
            golden=qualify.VERSION,
        )
        if self._store.find(key) is None:
            try:
                reference, figures = qualify.qualify(model, network, precision)
            except BaseException:
                network.close()
                raise
            self._store.publish(Record(key, reference, figures))
        pixels = network.tile_pixels
        if pixels is None:
            pixels = int(self._tile_bytes / activation_bytes(model.read("fp32"), model.multiple, precision))
        identity = f"{model.name} sha256:{sha256} {label} {precision} {network.build}".strip()
        engine = NetworkEngine(model, network, identity, pixels)
        return engine, f"{model.name} runs on {label} in {precision} ({why}) on {runtime.device()}"
