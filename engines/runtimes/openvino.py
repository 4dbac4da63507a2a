"""OpenVINO, the CPU default: fp32, bf16, fp16 and INT8 Q/DQ where the CPU has them."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from interneg.engines.cpu_core import core
from interneg.engines.models import Model, Precision
from interneg.engines.network import Network
from interneg.engines.runtimes.base import PrecisionChoice, Runtime
from interneg.engines.shortage import host_memory_is_short
from interneg.engines.store import Store
from interneg.errors import EngineError
from interneg.frame import Pixels
from interneg.processor import cores

_KEPT_SHAPES = 2
_MOST_LANES = 4


class OpenVino(Runtime):
    """OpenVINO on the CPU."""

    name = "openvino"
    packages = ("openvino",)
    extra = "interneg"

    def device(self) -> str:
        """The CPU's name, and the precisions that OpenVINO found in it, on which results depend."""
        found = (p.casefold() for p in _capabilities() if p in ("FP32", "BF16", "FP16", "INT8"))
        return f"{core().get_property('CPU', 'FULL_DEVICE_NAME')} ({', '.join(found)})"

    def precisions(self) -> Mapping[Precision, str]:
        """fp32 and int8 run everywhere, bf16 and fp16 where the CPU computes in them."""
        has = _capabilities()
        return {
            "fp32": "",
            "bf16": "" if "BF16" in has else "this CPU has neither AVX-512 BF16 nor AMX",
            "fp16": "" if "FP16" in has else "this CPU does not compute in fp16",
            "int8": "",
        }

    def choose(self, model: Model) -> PrecisionChoice:
        """bf16 where the CPU has it, else fp32; INT8 has to prove that it is faster, and bands nothing.

        What makes a whole picture runs in fp32: in bf16 that picture would have 8 bits.
        """
        if model.draws:
            return PrecisionChoice("fp32", "a whole picture comes out of it, which bf16 would band")
        lacking = self.precisions()["bf16"]
        return (
            PrecisionChoice("fp32", lacking)
            if lacking
            else PrecisionChoice("bf16", "this CPU computes in bf16")
        )

    def candidates(self, model: Model) -> tuple[Precision, ...]:
        """fp32; bf16 where the CPU has it; INT8 where model and CPU have it; nothing for whole pictures."""
        if model.draws:
            return ()
        lacking = self.precisions()
        small: tuple[Precision, ...] = ("int8",) if "int8" in model.weights and _vnni() else ()
        found: tuple[Precision, ...] = ("fp32", *(() if lacking["bf16"] else ("bf16",)), *small)
        return found if len(found) > 1 else ()

    def _load(
        self, model: Model, weights: bytes, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        return _Network(model, weights, precision, threads)


class _Network(Network):
    """One compiled model per input size: a static shape runs a little faster, and compiles in 0.03-0.3 s.

    The cores are shared out to lanes. One inference on all cores gives each an equal part of every layer and
    waits for the slowest, so that reading and writing beside it cost twice the time they take.
    """

    def __init__(self, model: Model, weights: bytes, precision: Precision, threads: int | None) -> None:
        super().__init__(model, lanes=min(threads or cores(), _MOST_LANES))
        self._precision = precision
        try:
            self._model, hint = prepared(weights, precision)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot read {model.file(precision).file}: {error}") from error
        if precision == "int8" and hint != "f32":
            self.build = f"beside {hint}"
        self._config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": self.lanes,
            # Pinned threads of several processes on one host would all sit on the same cores.
            "ENABLE_CPU_PINNING": False,
            # Left alone, OpenVINO computes in bf16 wherever the CPU has it.
            "INFERENCE_PRECISION_HINT": hint,
            "EXECUTION_MODE_HINT": "ACCURACY" if precision == "fp32" else "PERFORMANCE",
        }
        if threads is not None:
            self._config["INFERENCE_NUM_THREADS"] = threads
        self._lock = threading.Lock()
        self._shapes: dict[tuple[int, ...], _Shape] = {}

    def _infer(self, planes: Pixels, out: Pixels) -> None:
        import openvino as ov

        try:
            shape, request = self._request(planes.shape)
            # OpenVINO shares writeable memory only, though it never writes to an input.
            planes = planes if planes.flags.writeable else planes.copy()
            request.set_input_tensor(ov.Tensor(planes, shared_memory=True))
            request.set_output_tensor(ov.Tensor(out, shared_memory=True))
            request.infer()
            shape.idle.append(request)
        except RuntimeError as error:
            with self._lock:
                self._shapes.clear()
            if host_memory_is_short(error):
                raise MemoryError(str(error)) from error
            raise EngineError(f"OpenVINO failed on {self._name} in {self._precision}: {error}") from error

    def _request(self, size: tuple[int, ...]) -> tuple[_Shape, Any]:
        """The compiled model for an input size, and a request of it that nobody uses."""
        with self._lock:
            shape = self._shapes.pop(size, None)
            if shape is None:
                while len(self._shapes) >= _KEPT_SHAPES:
                    del self._shapes[next(iter(self._shapes))]
                model = self._model.clone()
                model.reshape(list(size))
                shape = _Shape(core().compile_model(model, "CPU", self._config), [])
            self._shapes[size] = shape
            return shape, shape.idle.pop() if shape.idle else shape.model.create_infer_request()


class _Shape(NamedTuple):
    """A model compiled for one input size, and its requests that are not in use."""

    model: Any
    idle: list[Any]


def prepared(weights: bytes, precision: Precision) -> tuple[Any, str]:
    """OpenVINO's model of an ONNX file, and the INFERENCE_PRECISION_HINT to compile it with.

    Raises RuntimeError where OpenVINO cannot read it.
    """
    hint, model = _between(precision), core().read_model(weights)
    return (model if hint == "f32" else _residuals_in_fp32(model)), hint


def _between(precision: Precision) -> str:
    """What the layers between the first and the last compute in that are not quantised, as OpenVINO has it.

    In an INT8 model that is bf16 where the CPU has it: in fp32 they would take longer than what INT8 saves.
    """
    if precision == "int8":
        return "bf16" if "BF16" in _capabilities() else "f32"
    return {"bf16": "bf16", "fp16": "f16"}.get(precision, "f32")


def _residuals_in_fp32(model: Any) -> Any:
    """The model with its first and last convolution, and the sums between, marked to stay in fp32.

    In bf16 a number has 8 bits. Rounded to that, the input and the features that blocks add to would band
    gradients: on a clean ramp lite at 1x is off by up to 0.0005, and by 0.0002 with these marks. The
    convolutions between compute in bf16. OpenVINO takes the mark from its own file format alone.
    """
    import openvino as ov

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        ov.save_model(model, path, compress_to_fp16=False)
        tree = ElementTree.parse(path)
        for layer in _kept_in_fp32(tree):
            facts = layer.find("rt_info")
            if facts is None:
                facts = ElementTree.Element("rt_info")
                layer.insert(1, facts)
            ElementTree.SubElement(facts, "attribute", name="precise", version="0")
        return core().read_model(ElementTree.tostring(tree.getroot()), path.with_suffix(".bin").read_bytes())


def _kept_in_fp32(tree: ElementTree.ElementTree[Any]) -> list[ElementTree.Element]:
    """The first and the last convolution of OpenVINO's XML, and the sums of two tensors that are computed."""
    layers = list(tree.iter("layer"))
    kinds = {layer.get("id", ""): layer.get("type") for layer in layers}
    pixels = {name for name, kind in kinds.items() if kind == "Parameter"}
    summands = dict.fromkeys(kinds, 0)
    edges = ((edge.get("from-layer", ""), edge.get("to-layer", "")) for edge in tree.iter("edge"))
    for source, target in sorted(edges, key=lambda edge: int(edge[0])):  # layers are numbered in order
        if source in pixels and kinds[target] != "ShapeOf":
            pixels.add(target)
            summands[target] += 1
    convolutions = [layer for layer in layers if layer.get("type") == "Convolution"]
    # Where a bias is added, one summand depends on no pixel.
    sums = [x for x in layers if x.get("type") == "Add" and summands[x.get("id", "")] == 2]
    return [*convolutions[:1], *convolutions[1:][-1:], *sums]


@functools.cache
def _capabilities() -> tuple[str, ...]:
    return tuple(core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def _vnni() -> bool:
    """Whether the CPU has AVX-512 VNNI; numpy names it with the Ice Lake group of extensions."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    return "AVX512_ICL" in found
