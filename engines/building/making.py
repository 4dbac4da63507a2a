"""One build: a model's weights made an engine by a library."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

import interneg
from interneg.engines import qualify, typed
from interneg.engines.building.graph import one_line, parse
from interneg.engines.building.libraries import PORTABLE, cuda_version, new_listener
from interneg.engines.building.orders import Order
from interneg.engines.building.profiles import shapes
from interneg.engines.manifest import TIMINGS, EngineKey, Made
from interneg.engines.models import Precision
from interneg.engines.store import Store
from interneg.errors import EngineError

log = logging.getLogger("interneg.engines")


def build(
    order: Order,
    report: Callable[[float], None] = lambda share: None,
    islands: Sequence[str] = (),
    store: Store | None = None,
) -> tuple[bytes, Made]:
    """Build one engine. report: told the share done, 0..1. islands: layers to leave in fp32.

    Where the catalogue has no fp16 file, one is made of the fp32 file, its layers that overflow in fp16 on
    the golden picture left as they are. store: keeps the timings of kernels between builds, for TensorRT.
    Raises EngineError naming the file and the reason: a graph that the library cannot parse or does not
    support, inputs that are not the catalogue's, a build that failed, a model that has no weights for int8.
    """
    began = time.monotonic()
    model = order.model
    if order.precision == "int8" and "int8" not in model.weights:
        raise EngineError(f"{model.name} has no int8 weights: build fp16")
    trt = order.library.load()
    halve = order.precision == "fp16" and bool(islands or "fp16" not in model.weights)
    origin: Precision = "fp32" if halve else order.precision
    listener = new_listener(trt)
    builder = trt.Builder(listener)
    source = f"{model.file(origin).file} ({model.name} in {order.precision})"
    weights, kept = model.read(origin), tuple(islands)
    if halve:
        parse(trt, builder, listener, order, weights, source)  # complaints are then about the user's own file
        weights, kept = _halved(order, weights, kept, source)
    graph = parse(trt, builder, listener, order, weights, source)
    blob = _engine(trt, builder, order, graph.network, report, store)
    if blob is None:
        hint = "; give a larger --workspace, or leave it out" if order.workspace is not None else ""
        raise EngineError(
            f"{order.library.name} cannot build {source} for {order.target}: {listener.complaints()}{hint}"
        )
    made = Made(
        interneg=interneg.__version__,
        driver="",
        cuda=cuda_version(order.library),
        seconds=round(time.monotonic() - began, 2),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        islands=kept,
    )
    return blob, made


def _halved(
    order: Order, weights: bytes, islands: tuple[str, ...], source: str
) -> tuple[bytes, tuple[str, ...]]:
    """The fp16 graph of fp32 weights, and the layers left in fp32."""
    try:
        return _half(weights, qualify.GoldenKey.of(order.model), islands)
    except Exception as error:
        # onnx and OpenVINO have no exception of their own in common.
        reason = one_line(str(error))
        raise EngineError(f"{source}: no fp16 graph can be made of it: {reason}; build fp32") from error


@functools.lru_cache(maxsize=2)
def _half(
    weights: bytes, golden: qualify.GoldenKey, islands: tuple[str, ...]
) -> tuple[bytes, tuple[str, ...]]:
    """The fp16 graph, and the layers left in fp32. Kept, since one graph is built for many targets."""
    kept = islands or tuple(typed.overflowing(weights, golden.planes()))
    return typed.half(weights, kept), kept


def _engine(
    trt: Any, builder: Any, order: Order, network: Any, report: Callable[[float], None], store: Store | None
) -> bytes | None:
    """The engine of a network; None where the library cannot build it, which it has told its listener."""
    config = _config(trt, builder, order)
    monitor = _monitor(trt, report)
    config.progress_monitor = monitor
    times_kernels = store is not None and not order.library.targets
    if store is not None and times_kernels:
        # Held until the engine is built, as the library asks.
        timings = config.create_timing_cache(store.read_cache(_timings(order), order.target) or b"")
        if not config.set_timing_cache(timings, ignore_mismatch=False):
            log.info("the kernel timings kept for %s are of another GPU or driver", order.target)
            timings = config.create_timing_cache(b"")
            config.set_timing_cache(timings, ignore_mismatch=False)
    blob = builder.build_serialized_network(network, config)
    if blob is None:
        return None
    if store is not None and times_kernels:
        store.write_cache(_timings(order), order.target, bytes(config.get_timing_cache().serialize()))
    return bytes(blob)


def _config(trt: Any, builder: Any, order: Order) -> Any:
    """What the library is to build."""
    config = builder.create_builder_config()
    # On by default, and 13 bits short of the fp32 that is asked for.
    config.clear_flag(trt.BuilderFlag.TF32)
    if hasattr(trt.BuilderFlag, "REQUIRE_USER_ALLOCATION"):
        # No memory is taken while it runs: what is not ours can neither be counted nor recorded.
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
    if order.workspace is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.workspace * 2**20)
    if order.version_compatible:
        config.set_flag(trt.BuilderFlag.VERSION_COMPATIBLE)
    if order.target in order.library.targets and order.target != PORTABLE:
        config.num_compute_capabilities = 1
        config.set_compute_capability(getattr(trt.ComputeCapability, order.target.upper()), 0)
    profile = builder.create_optimization_profile()
    sizes = shapes(order.model, order.profile)
    least, most = ((1, len(order.model.input.channels), *size) for size in (sizes.least, sizes.most))
    profile.set_shape(order.model.input.name, least, most, most)
    config.add_optimization_profile(profile)
    return config


def _timings(order: Order) -> EngineKey:
    """What the store keeps the timings of kernels under: they serve all models on one kind of GPU."""
    blank = dict.fromkeys(("weights", "precision", "profile", "shapes", "options"), "")
    key = msgspec.structs.replace(order.key, model=TIMINGS, version=order.library.version())
    return msgspec.structs.replace(key, **blank)


def _monitor(trt: Any, report: Callable[[float], None]) -> Any:
    """Turns the library's phases, of which the outermost counts, into a share of the work."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.phase, self.steps = "", 1

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            if parent is None:
                self.phase, self.steps = name, max(steps, 1)

        def step_complete(self, name: str, step: int) -> bool:
            if name == self.phase:
                report(min((step + 1) / self.steps, 1.0))
            return True

        def phase_finish(self, name: str) -> None:
            if name == self.phase:
                report(1.0)

    return Monitor()
