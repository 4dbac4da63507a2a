"""Building TensorRT engines ahead of time: libraries, GPU targets, shape profiles, and one build.

Two libraries share nearly one API. TensorRT for RTX builds for any of its targets on a machine without a
GPU; TensorRT builds for the GPU it runs on.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

import interneg
from interneg.engines import gpus, qualify, typed
from interneg.engines.gpus import COMPUTE, Gpu
from interneg.engines.manifest import TIMINGS
from interneg.engines.models import Model, Planes, Precision
from interneg.engines.store import EngineKey, Made, Store
from interneg.engines.tiles import padded_size
from interneg.errors import EngineError, UsageError, near

log = logging.getLogger("interneg.engines")

PORTABLE = "portable"
"""The target of engines that run on every GPU of compute capability 8.0 and later."""

PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "int8")
"""What TensorRT engines can be built in; the precision is the graph's own (strongly typed networks)."""


class Library(NamedTuple):
    """A builder and runtime of NVIDIA's. targets: what it builds for beside the GPU at hand."""

    name: str
    module: str
    extra: str
    targets: tuple[str, ...]

    def missing(self) -> str | None:
        """Why it cannot be used, or None. Imports nothing."""
        if importlib.util.find_spec(self.module) is None:
            return f"{self.module} not installed: pip install '{self.extra}'"
        return None

    def version(self) -> str:
        """Of the installed library; "unknown" where it is none."""
        try:
            return version(self.module.replace("_", "-"))
        except PackageNotFoundError:
            return "unknown"

    def load(self) -> Any:
        """The module. Raises EngineError where it is missing or broken."""
        if reason := self.missing():
            raise EngineError(f"{self.name}: {reason}")
        try:
            return importlib.import_module(self.module)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                f"{self.name} is installed but cannot be loaded: {error}; reinstall it"
            ) from error


LIBRARIES: Mapping[str, Library] = MappingProxyType(
    {
        library.name: library
        for library in (
            Library("tensorrt", "tensorrt", "interneg[tensorrt]", ()),
            Library(
                "tensorrt-rtx",
                "tensorrt_rtx",
                "interneg[tensorrt-rtx]",
                (PORTABLE, "sm75", "sm80", "sm86", "sm89", "sm120", "sm121"),
            ),
        )
    }
)


class Profile(NamedTuple):
    """The largest picture that is one tile, without its mirrored border."""

    name: str
    width: int
    height: int


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile("proxy", 960, 540),
            Profile("hd", 1920, 1080),
            Profile("uhd", 3840, 2160),
            Profile("film4k", 4096, 3112),
        )
    }
)


class Shapes(NamedTuple):
    """Input sizes (height, width) that an engine takes, border included; it is tuned for the largest."""

    least: tuple[int, int]
    most: tuple[int, int]

    def __str__(self) -> str:
        return " ".join(f"{h}x{w}" for h, w in (self.least, self.most, self.most))


def shapes(model: Model, profile: Profile) -> Shapes:
    """From the smallest picture there is to the profile's."""
    return Shapes(
        padded_size(1, 1, model.halo, model.multiple),
        padded_size(profile.height, profile.width, model.halo, model.multiple),
    )


class Order(NamedTuple):
    """One engine to build. target: one of the library's, or for TensorRT the GPU that is here."""

    model: Model
    precision: Precision
    profile: Profile
    library: Library
    target: str
    version_compatible: bool = False
    workspace: int | None = None  # MiB

    @property
    def version(self) -> str:
        """Of the library that the engine runs on: a version-compatible one runs on all of a major version."""
        installed = self.library.version()
        return installed.partition(".")[0] if self.version_compatible else installed

    @property
    def key(self) -> EngineKey:
        """What the store knows the engine by."""
        return EngineKey(
            model=self.model.name,
            weights=self.model.file(self.precision).sha256,
            precision=self.precision,
            profile=self.profile.name,
            shapes=str(shapes(self.model, self.profile)),
            runtime=self.library.name,
            version=self.version,
            target=self.target,
            system=f"{platform.system()} {platform.machine()}",
            options="version-compatible" if self.version_compatible else "",
        )


def target_of(library: Library, gpu: Gpu) -> str:
    """The target to build for a GPU. Raises UsageError where there is none."""
    if found := targets_for(library, gpu):
        return found[0]
    raise UsageError(
        f"{library.name} builds for no GPU like {gpu.name} ({gpu.target}); try the extra tensorrt"
    )


def target_note(library: Library, gpu: Gpu) -> str:
    """What to know about the target for a GPU; an empty string where it is the GPU's own."""
    if not library.targets or gpu.target in library.targets:
        return ""
    return f"{library.name} does not list {gpu.target}; portable engines are tried there"


def targets_for(library: Library, gpu: Gpu) -> tuple[str, ...]:
    """The targets whose engines run on a GPU, the best first."""
    if not library.targets:
        return (f"{gpu.target} {gpus.short(gpu.name)}",)
    own = (gpu.target,) if gpu.target in library.targets else ()
    return own + ((PORTABLE,) if gpu.capability >= (8, 0) else ())


def check_target(library: Library, target: str) -> str:
    """A target by name. Raises UsageError, with near matches, where the library does not build for it."""
    if target.casefold() in library.targets:
        return target.casefold()
    if not library.targets:
        raise UsageError(f"TensorRT builds for the GPU at hand only: the target is 'current', not '{target}'")
    if cards := [name for name, capability in COMPUTE.items() if f"sm{capability}" == target]:
        raise UsageError(
            f"{library.name} does not list {target} ({', '.join(cards)}): build 'portable', which is tried "
            "there"
        )
    known = (
        near(target, ("current", *library.targets)) or f" (there are current, {', '.join(library.targets)})"
    )
    raise UsageError(f"{library.name} builds for no target '{target}'{known}")


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
    making = _Making(trt, order, model.file(origin).file)
    weights, kept = model.read(origin), tuple(islands)
    if halve:
        making.network(weights)  # whose complaints are about the user's own file
        weights, kept = making.halved(weights, kept)
    blob = making.engine(making.network(weights), report, store)
    made = Made(
        interneg=interneg.__version__,
        driver="",
        cuda=cuda_version(order.library),
        seconds=round(time.monotonic() - began, 2),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        islands=kept,
    )
    return blob, made


@functools.lru_cache(maxsize=2)
def _half(weights: bytes, channels: int, islands: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
    """The fp16 graph, and the layers left in fp32. Kept, since one graph is built for many targets."""
    kept = islands or tuple(typed.overflowing(weights, qualify.golden(channels)))
    return typed.half(weights, kept), kept


def cuda_version(library: Library) -> str:
    """The major version of CUDA that the installed library was made for, such as "13"; "" where unknown."""
    name = library.module.replace("_", "-")
    for major in ("13", "12", "11"):
        try:
            version(f"{name}-cu{major}")
        except PackageNotFoundError:
            continue
        return major
    return ""


def listener(trt: Any) -> Any:
    """A logger for the library that keeps its complaints in `errors`; the rest become debug lines of ours."""

    class Listener(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.errors: list[str] = []

        def log(self, severity: Any, text: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.errors.append(" ".join(text.split()))
            else:
                log.debug("%s", text)

        def said(self) -> str:
            return "; ".join(self.errors) or "it gave no reason"

    return Listener()


class _Making:
    """One build: the library's builder, and what it says."""

    def __init__(self, trt: Any, order: Order, file: str) -> None:
        self.trt, self.order = trt, order
        self.heard = listener(trt)
        self.builder = trt.Builder(self.heard)
        self.source = f"{file} ({order.model.name} in {order.precision})"

    def halved(self, weights: bytes, islands: tuple[str, ...]) -> tuple[bytes, tuple[str, ...]]:
        """The fp16 graph of fp32 weights, and the layers left in fp32."""
        try:
            return _half(weights, len(self.order.model.input.channels), islands)
        except Exception as error:
            # onnx and OpenVINO have no exception of their own in common.
            said = _line(str(error))
            raise EngineError(
                f"{self.source}: no fp16 graph can be made of it: {said}; build fp32"
            ) from error

    def network(self, weights: bytes) -> Any:
        """The network of an ONNX file, with the inputs and outputs of the catalogue."""
        flags = self.trt.NetworkDefinitionCreationFlag
        # TensorRT 11 has no other networks, and no flag.
        strong = 1 << int(flags.STRONGLY_TYPED) if hasattr(flags, "STRONGLY_TYPED") else 0
        network = self.builder.create_network(strong)
        parser = self.trt.OnnxParser(network, self.heard)
        # The parser takes these for a graph without nodes.
        if what := _no_onnx(weights):
            raise EngineError(f"{self.source} is no ONNX file (it is {what}). Export the model again")
        if not parser.parse(weights):
            raise EngineError(
                f"{self.order.library.name} cannot parse {self.source}: {self._complaints(parser)}"
            )
        for kind, count, get, planes in (
            ("input", network.num_inputs, network.get_input, self.order.model.input),
            ("output", network.num_outputs, network.get_output, self.order.model.output),
        ):
            _check_tensors(kind, [get(i) for i in range(count)], planes, self.source)
        self.parser = parser  # holds the weights, which the build still reads
        return network

    def engine(self, network: Any, report: Callable[[float], None], store: Store | None) -> bytes:
        """The engine of a network."""
        trt, order = self.trt, self.order
        config = self.builder.create_builder_config()
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
        profile = self.builder.create_optimization_profile()
        sizes = shapes(order.model, order.profile)
        least, most = ((1, len(order.model.input.channels), *size) for size in (sizes.least, sizes.most))
        profile.set_shape(order.model.input.name, least, most, most)
        config.add_optimization_profile(profile)
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
        blob = self.builder.build_serialized_network(network, config)
        if blob is None:
            hint = "; give a larger --workspace, or leave it out" if order.workspace is not None else ""
            raise EngineError(
                f"{order.library.name} cannot build {self.source} for {order.target}: "
                f"{self.heard.said()}{hint}"
            )
        if store is not None and times_kernels:
            store.write_cache(_timings(order), order.target, bytes(config.get_timing_cache().serialize()))
        return bytes(blob)

    def _complaints(self, parser: Any) -> str:
        """What the parser has against the file, and what to do."""
        found = [parser.get_error(i) for i in range(parser.num_errors)]
        nodes = {
            _about(e.code().name, e.node_operator(), e.node_name(), _line(e.desc()))
            for e in found
            if e.node_operator()
        }
        if nodes:
            return (
                f"{'; '.join(sorted(nodes))}. Export the model with operators that it has, or leave it to "
                "another runtime"
            )
        return f"{'; '.join(_line(e.desc()) for e in found) or self.heard.said()}. Export the model again"


def _timings(order: Order) -> EngineKey:
    """What the store keeps the timings of kernels under: they serve all models on one kind of GPU."""
    blank = dict.fromkeys(("weights", "precision", "profile", "shapes", "options"), "")
    key = msgspec.structs.replace(order.key, model=TIMINGS, version=order.library.version())
    return msgspec.structs.replace(key, **blank)


def _check_tensors(kind: str, found: Sequence[Any], planes: Planes, source: str) -> None:
    """A graph's inputs or outputs are the catalogue's, or the runtime would find no such tensor."""
    names = [tensor.name for tensor in found]
    if names != [planes.name]:
        raise EngineError(
            f"{source}: its {kind} is {' and '.join(names) or 'none'}, the catalogue entry says "
            f"'{planes.name}'; export the model again or mend the entry"
        )
    shape = tuple(found[0].shape)
    wanted = (-1, len(planes.channels), -1, -1)
    # An output's size follows from the input's, and need not be known.
    fits = len(shape) == 4 and shape[1] in (-1, wanted[1]) and (kind == "output" or shape[2:] == wanted[2:])
    if not fits:
        raise EngineError(
            f"{source}: its {kind} '{planes.name}' has the shape {shape}, not {wanted} (-1: any size); "
            "export the model again with dynamic height and width, or mend the entry"
        )


def _no_onnx(weights: bytes) -> str:
    """What a file is that can be told at a glance to be no ONNX; "" where it may be."""
    if not weights:
        return "empty"
    if weights.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: run git lfs pull"
    # Protocol buffers hold bytes that no text does: an ONNX file begins with its version, 8 and a number.
    head = weights[:512]
    return "text" if all(byte >= 32 or byte in b"\t\n\r" for byte in head) else ""


def _about(code: str, operator: str, node: str, said: str) -> str:
    """What the parser has against a node."""
    if "Plugin not found" in said or (code == "UNSUPPORTED_NODE" and said == "false"):
        return f"TensorRT has no operator {operator} (node '{node}'): {said}"
    return f"node '{node}' ({operator}), {code.replace('_', ' ').lower()}: {said}"


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


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


def orders(
    models: Sequence[Model],
    precisions: Sequence[Precision],
    profiles: Sequence[Profile],
    library: Library,
    targets: Sequence[str],
    version_compatible: bool = False,
    workspace: int | None = None,
) -> Iterator[Order]:
    """Every combination, in an order that keeps a model's engines together; not those of `lacking`.

    Raises UsageError for an option that the library has not.
    """
    if version_compatible and library.targets:
        raise UsageError("TensorRT for RTX has no version-compatible engines; leave the option to TensorRT")
    for model in models:
        for precision in precisions:
            if precision == "int8" and "int8" not in model.weights:
                continue
            for profile in profiles:
                for target in targets:
                    yield Order(model, precision, profile, library, target, version_compatible, workspace)


def lacking(models: Sequence[Model], precisions: Sequence[Precision]) -> list[str]:
    """The models that are wanted in int8 and have no weights for it: there are no such engines of them."""
    return [m.name for m in models if "int8" in precisions and "int8" not in m.weights]
