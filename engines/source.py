"""Engines: catalogue models opened on the runtimes of this machine, for nodes to run."""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from interneg.engines import qualify, speeds
from interneg.engines.gpus import NoGpuError
from interneg.engines.models import PRECISIONS, Catalogue, Model, Precision, find, load_catalogue
from interneg.engines.network_engine import NetworkEngine
from interneg.engines.runtimes import RUNTIMES, Network, Runtime
from interneg.engines.runtimes.base import PrecisionChoice
from interneg.engines.store import Choice, ChoiceKey, QualificationKey, Record, Store
from interneg.engines.tiles import TILE_BYTES, activation_bytes
from interneg.errors import EngineError, UsageError, near

log = logging.getLogger("interneg.engines")

_LEAST_KEPT = 64
"""Pixels of a tile's side that are kept at least, beside a third of what is not."""

_SYSTEM = f"{platform.system()} {platform.machine()}"


class Engines:
    """Opens engines, each once, and shares them. Implements interneg.engine.EngineSource; thread-safe.

    runtime: "auto" or a name out of RUNTIMES. precision: "auto" or one of PRECISIONS, never replaced.
    threads: CPU threads of each runtime, None for all. folders: catalogue folders beside the built-in one.
    tile_bytes: activation memory of one tile. store: where qualifications are kept.
    models: those that there are, by name; None for those of the catalogue.
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
        models: Mapping[str, Model] | None = None,
    ) -> None:
        for kind, word, known in (("runtime", runtime, RUNTIMES), ("precision", precision, PRECISIONS)):
            if word not in ("auto", *known):
                hint = near(word, known) or f" (there are auto, {', '.join(known)})"
                raise UsageError(f"there is no {kind} '{word}'{hint}")
        if threads is not None and threads < 1:
            raise UsageError(f"an engine runs on at least 1 thread, not {threads}")
        self._folders = tuple(folders)
        self._is_given = models is not None
        self.models: Mapping[str, Model] = load_catalogue(folders) if models is None else models
        self._runtimes = tuple(RUNTIMES.values()) if runtime == "auto" else (RUNTIMES[runtime],)
        self._precision: Precision | None = next((p for p in PRECISIONS if p == precision), None)
        self._threads = threads
        self._tile_bytes = tile_bytes
        self._store = store or Store()
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[NetworkEngine, str]] = {}
        self._stamps: dict[str, tuple[int, int, int]] = {}

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that Denoise-SR's knob `model` takes beside its own."""
        if isinstance(self.models, Catalogue):
            return self.models.choices
        return tuple(m.name for m in self.models.values() if m.is_choice)

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
            if name not in self.models and not self._is_given:
                self.models = load_catalogue(self._folders)  # it may have been imported meanwhile
            if name not in self._opened:
                self._opened[name] = self._first(find(self.models, name))
                log.info("%s", self._opened[name][1])
            return self._opened[name]

    def refresh(self, name: str) -> None:
        """Look whether a model that a user imported or trained is still the one that is open.

        Where its entry names other weights by now, or is gone, the next `open` takes what there is. For a
        process that outlives a render; within one, frames must not differ.
        """
        with self._lock:
            known = self.models.get(name)
            if known is None or known.origin is None or self._is_given:
                return
            entry = Path(known.weights["fp32"].file).with_name(f"{name}.toml")
            try:
                seen = entry.stat()
                stamp = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
            except OSError:
                stamp = (0, 0, 0)
            if self._stamps.setdefault(name, stamp) == stamp:
                return
            self._stamps[name] = stamp
            self.models = load_catalogue(self._folders)
            now = self.models.get(name)
            if now is None or now.weights != known.weights:
                # What renders with it goes on; it is given back when the last one is done.
                self._opened.pop(name, None)

    def _first(self, model: Model) -> tuple[NetworkEngine, str]:
        # Sentences, not the errors: an error's traceback would keep networks and what they hold of the GPU.
        refusals: list[str] = []
        news: list[str] = []
        for runtime in self._runtimes:
            try:
                runtime.require()
                engine, text = self._make(runtime, model)
            except EngineError as error:
                refusals.append(f"{runtime.name}: {error}")
                if not isinstance(error, NoGpuError):  # on a machine without a GPU that is no news
                    news.append(f"; not {refusals[-1]}")
            else:
                return engine, text + "".join(news)
        raise EngineError(f"no runtime here can open {model.name}: {'; '.join(refusals)}")

    def _make(self, runtime: Runtime, model: Model) -> tuple[NetworkEngine, str]:
        if self._precision is not None:
            return self._qualified(runtime, model, self._precision, "as asked")
        precision, why = self._default(runtime, model)
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
        self._prove(runtime, model, precision, network)
        label = f"{runtime.name} {runtime.version()}"
        sha256 = model.file(precision).sha256
        pixels = network.tile_pixels
        if pixels is None:
            held = activation_bytes(model.read("fp32"), model.multiple, precision, model.size)
            pixels = int(self._tile_bytes / held)
            if model.draws:  # a large one would have no room beside its halo
                pixels = max(pixels, (3 * model.halo + _LEAST_KEPT) ** 2)
        identity = f"{model.name} sha256:{sha256} {label} {precision} {network.build}".strip()
        engine = NetworkEngine(model, network, identity, pixels)
        return engine, f"{model.name} runs on {label} in {precision} ({why}) on {runtime.device()}"

    def _prove(self, runtime: Runtime, model: Model, precision: Precision, network: Network) -> None:
        """Qualify a network, unless the store has it that it did. Raises EngineError; it is closed then."""
        key = QualificationKey(
            model=model.name,
            weights=model.file(precision).sha256,
            precision=precision,
            runtime=runtime.name,
            version=f"{runtime.version()} {network.build}".strip(),
            device=runtime.device(),
            system=_SYSTEM,
            golden=qualify.VERSION,
        )
        if self._store.find(key) is None:
            try:
                reference, figures = qualify.qualify(model, network, precision)
            except BaseException:
                network.close()
                raise
            self._store.publish(Record(key, reference, figures))

    def _default(self, runtime: Runtime, model: Model) -> PrecisionChoice:
        """The precision that was measured to be the fastest on this kind of machine; or what is known."""
        candidates = runtime.candidates(model)
        if not candidates:
            return runtime.choose(model)
        key = ChoiceKey(
            model=model.name,
            weights=tuple((p, model.file(p).sha256) for p in candidates),
            runtime=runtime.name,
            version=runtime.version(),
            device=runtime.device(),
            system=_SYSTEM,
            rules=(qualify.VERSION, speeds.RULE),
        )
        kept = self._store.choice(key, lambda: self._measured(runtime, model, key))
        return runtime.choose(model) if kept is None else PrecisionChoice(kept.precision, kept.reason)

    def _measured(self, runtime: Runtime, model: Model, key: ChoiceKey) -> Choice:
        """Time the precisions of a key."""

        def load(precision: Precision) -> Network:
            network = runtime.load(model, precision, 1, self._store)
            self._prove(runtime, model, precision, network)
            return network

        precisions = (p for p, _ in key.weights)
        spent, refused = speeds.measure(load, precisions, model.input.channels, model.corrects)
        return Choice(key, speeds.fastest(spent), spent, refused)
