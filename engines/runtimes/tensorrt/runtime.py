"""The runtime: which engine of the store runs a model on the GPU here, and what to build where none does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import closing

from interneg.engines import qualify
from interneg.engines.building.libraries import Library
from interneg.engines.building.orders import ENGINE_PRECISIONS, Order, targets_for
from interneg.engines.building.profiles import PROFILES
from interneg.engines.gpus import Gpu
from interneg.engines.manifest import EngineKey, Figures, StoredEngine
from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.runtimes.base import PrecisionChoice, Runtime
from interneg.engines.runtimes.tensorrt import driver
from interneg.engines.runtimes.tensorrt.network import TensorRtNetwork
from interneg.engines.store import Store
from interneg.errors import EngineError, GpuMemoryError, InternegError

log = logging.getLogger("interneg.engines")

_OTHERS_NAMED = 5


class TensorRt(Runtime):
    """One of the two libraries."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.name = library.name  # type: ignore[misc]
        self.packages = (library.module, "pycuda")  # type: ignore[misc]
        self.extra = library.extra  # type: ignore[misc]

    def require(self) -> None:
        """Raise NoGpuError without a GPU, EngineError where the driver is incomplete or a package missing."""
        driver.require_driver()
        super().require()

    def version(self) -> str:
        """The library's."""
        return self.library.version()

    def device(self) -> str:
        """The GPU's name, compute capability and driver."""
        gpu = self.gpu()
        return f"{gpu.name} ({gpu.target}, driver {gpu.driver or 'unknown'})"

    def precisions(self) -> Mapping[Precision, str]:
        """fp32, fp16 and int8."""
        return {
            "fp32": "",
            "bf16": "TensorRT engines are built in fp32, fp16 and int8",
            "fp16": "",
            "int8": "",
        }

    def choose(self, model: Model) -> PrecisionChoice:
        """fp16: int8 is faster and loses a little, so it is only taken when asked for."""
        return PrecisionChoice("fp16", "GPUs compute in fp16")

    def gpu(self) -> Gpu:
        """The GPU that engines run on.

        Raises NoGpuError where there is none, EngineError where the driver is too old, or answers wrongly.
        """
        return driver.first_gpu(self.library)

    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        gpu = self.gpu()
        refused: list[InternegError] = []
        network: TensorRtNetwork | None = None
        for target in targets_for(self.library, gpu):
            for key, engine in self._stored(model, precision, target, store, refused):
                try:
                    smaller = TensorRtNetwork(
                        model, self.library, key, gpu, store, store.read(engine), str(engine.path)
                    )
                except (EngineError, GpuMemoryError) as error:
                    refused.append(error)
                    continue
                if network is not None:
                    network.close()
                network = smaller
                if network.fits_whole:
                    break
            if network is not None:
                for reason in refused:
                    log.warning("%s", reason)
                return network
        if refused:
            short = any(isinstance(reason, GpuMemoryError) for reason in refused)
            raise (GpuMemoryError if short else EngineError)("; ".join(map(str, refused)))
        raise EngineError(self._missing(model, precision, gpu, store))

    def prove(self, order: Order, blob: bytes, store: Store) -> tuple[str, Figures] | None:
        """Qualify an engine that was just built: the reference's name and the figures.

        None where it cannot run here: there is no GPU or none that answers, its driver is too old, there is
        no pycuda, or the engine is for another GPU.
        Raises EngineError where it fails.
        """
        if self.unavailable() is not None:
            return None
        try:
            gpu = self.gpu()
        except EngineError as error:
            log.info("%s is not qualified here: %s", order.key.stem, error)
            return None
        if order.target not in targets_for(self.library, gpu):
            return None
        network = TensorRtNetwork(
            order.model, self.library, order.key, gpu, store, blob, f"the new engine {order.key.stem}"
        )
        with closing(network):
            return qualify.qualify(order.model, network, order.precision)

    def _stored(
        self, model: Model, precision: Precision, target: str, store: Store, refused: list[InternegError]
    ) -> Iterator[tuple[EngineKey, StoredEngine]]:
        """The engines of a target, from the largest profile to the smallest; broken ones go to `refused`."""
        for profile in reversed(tuple(PROFILES.values())):
            for compatible in (False, True):
                key = Order(model, precision, profile, self.library, target, compatible).key
                try:
                    engine = store.engine(key)
                except EngineError as error:
                    refused.append(error)
                    continue
                if engine is not None:
                    yield key, engine

    def _missing(self, model: Model, precision: Precision, gpu: Gpu, store: Store) -> str:
        """That there is no engine, what there is instead, and the command that builds one."""
        targets = targets_for(self.library, gpu)
        others = []
        for key in (entry.key for entry in store.entries()):
            if key is None or (key.model, key.precision, key.runtime) != (model.name, precision, self.name):
                continue
            wanted = Order(model, precision, PROFILES.get(key.profile, next(iter(PROFILES.values()))),
                           self.library, key.target, bool(key.options)).key  # fmt: skip
            wrong = [
                f"{kind} {value}"
                for kind, value, other in (
                    ("from other weights", key.weights[:12], wanted.weights[:12]),
                    ("for version", key.version, wanted.version),
                    ("for system", key.system, wanted.system),
                    ("for shapes", key.shapes, wanted.shapes),
                )
                if value != other
            ]
            wrong += [f"for GPU {key.target}"] if key.target not in targets else []
            others.append(f"{key.stem} is {' and '.join(wrong)}")
        instead = [
            other
            for other in ENGINE_PRECISIONS
            if other != precision
            and (other != "int8" or "int8" in model.weights)
            and any(True for t in targets for _ in self._stored(model, other, t, store, []))
        ]
        return (
            f"no {self.name} {self.version()} engine of {model.name} in {precision} for {gpu.name} "
            f"({gpu.target}) in {', '.join(map(str, store.folders))}; build it: build_engines.py "
            f"--runtime {self.name} --models {model.name} --precisions {precision} --targets current"
            + "".join(f"; there is one in {p}, which --precision {p} takes" for p in instead)
            + "".join(f"; {other}" for other in sorted(set(others))[:_OTHERS_NAMED])
        )
