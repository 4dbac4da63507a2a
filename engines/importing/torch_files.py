"""Files of PyTorch as ONNX graphs: weights whose architecture spandrel knows, and TorchScript.

Weights are read as weights alone: nothing that a pickle holds besides is loaded, so no code in one is run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NamedTuple

import numpy as np

from interneg.engines.importing.architectures import EXTRA, architectures
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.reading import package
from interneg.engines.importing.signature import signature
from interneg.engines.importing.wishes import Wishes
from interneg.errors import EngineError, InputError

WEIGHTS = (".pth", ".safetensors", ".ckpt")
SCRIPTS = (".pt",)

_OPSET = 17
_TRACED, _TRIED = (64, 64), ((64, 64), (128, 96))
_ONE_SIDE = 192
_ALIKE = 1e-4


class TorchModel(NamedTuple):
    """A model in torch. planes: of its input. what: it is, in words. known: whether it takes RGB in 0..1."""

    net: Any
    planes: int
    what: str
    known: bool


def graph_of(
    path: Path, wishes: Wishes, report: Callable[[str], None] = lambda step: None, side: int | None = None
) -> tuple[Any, Wishes]:
    """The onnx.ModelProto of a file of PyTorch, and the wishes with what its architecture says.

    side: of the pictures that a model is exported for which cannot be for any; by default 192.
    Raises InputError for a file that cannot be read or is more than weights; EngineError for an architecture
    that is not known or is for something else, and what cannot be exported.
    """
    report("reading")
    model = _script(path) if _is_script(path) else _weights(path, wishes.extra)
    wishes = dataclasses.replace(wishes, architecture=model.what)
    if model.known:
        wishes = dataclasses.replace(
            wishes,
            takes=wishes.takes or "0..1",
            gives=wishes.gives or "0..1",
            layout=wishes.layout or ("y" if model.planes in (1, 2) else "rgb"),
        )
    report("exporting")
    return _exported(model, wishes.output, side or _ONE_SIDE), wishes


def _is_script(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name or name.endswith("constants.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _script(path: Path) -> TorchModel:
    torch = _torch()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated, and what hosts export
            net = torch.jit.load(str(path), map_location="cpu").eval().float()
    except RuntimeError as error:
        raise InputError(
            f"{path} is no sound TorchScript file: {_one_line(error)}; export it again"
        ) from error
    for planes in (3, 1):
        try:
            with torch.no_grad():
                made = net(torch.full((1, planes, *_TRACED), 0.5))
        except (RuntimeError, ValueError):
            continue
        if isinstance(made, torch.Tensor):
            return TorchModel(net, planes, "TorchScript", known=False)
    raise EngineError(f"{path} takes no picture of 3 or 1 planes and gives one: save its forward() so")


def _weights(path: Path, extra: bool) -> TorchModel:
    known = architectures(extra)
    spandrel, state = known.spandrel, _state(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice to who wrote the architecture
            found = known.loader.load_from_state_dict(state)
    except spandrel.UnsupportedModelError as error:
        more = "" if extra else f", or give --accept-extra-licences, for those of {EXTRA}"
        raise EngineError(
            f"{path} is of no architecture that spandrel {spandrel.__version__} knows: export it to ONNX "
            f"where it is from{more}"
        ) from error
    except (KeyError, RuntimeError, ValueError, AssertionError) as error:
        raise InputError(
            f"{path} lacks weights, or holds others than it should: {_one_line(error)}"
        ) from error
    name = found.architecture.name
    if found.architecture.id in known.restricted:
        name += f" of {EXTRA}, under a licence of its own"
    if not isinstance(found, spandrel.ImageModelDescriptor) or found.purpose == "FaceSR":
        raise EngineError(
            f"{path} is a {name}, a model of faces or of holes, which Denoise-SR has no use for"
        )
    net = found.model.eval().float()
    if found.architecture.id == "DRUNet":  # spandrel gives it one level of noise for all; it takes a plane
        return TorchModel(net, found.input_channels + 1, name, known=True)
    return TorchModel(_called(found, net), found.input_channels, name, known=True)


def _called(found: Any, net: Any) -> Any:
    """The network as spandrel calls it, which takes what is the picture of several results."""
    torch = _torch()

    class Called(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, picture: Any) -> Any:
            return found._call_fn(self.net, picture)

    return Called().eval()


def _state(path: Path) -> Any:
    """The weights by name; of a pickle weights alone. Raises InputError."""
    torch = _torch()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if path.suffix.casefold() == ".safetensors":
        tensors = importlib.import_module("safetensors.torch")
        try:
            return tensors.load(data)
        except Exception as error:  # safetensors raises an exception of its own, from Rust
            raise InputError(f"{path} is no safetensors file, or is cut short: {_one_line(error)}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of protocols that it is stricter with
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise InputError(
            f"{path} holds more than weights, which could run code, and was not opened: "
            f"{_refused(error)}. Save its state_dict alone, or as .safetensors"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path} is no file of PyTorch, or is cut short: {_one_line(error)}; copy it again"
        ) from error


def _refused(error: UnpicklingError) -> str:
    """What torch did not load, out of its long advice."""
    asked = _one_line(error).partition("Unsupported global: ")[2].removeprefix("GLOBAL ").split(" ")[0]
    return f"it asks for {asked}" if asked else "torch does not read it as weights"


def _exported(model: TorchModel, output: str, side: int) -> Any:
    """The graph for any size, or where that is not what torch makes, for one."""
    reason = f"the {model.what} was exported to ONNX, and gives something else there"
    for free, sizes in ((True, _TRIED), (False, ((side, side),))):
        try:
            graph = _export(model, sizes[0], free)
            if _is_alike(model, graph, output, sizes):
                return graph
        except EngineError as error:  # a graph of one size may do
            reason = str(error)
    raise EngineError(f"{reason}; export it where it is from")


def _export(model: TorchModel, size: tuple[int, int], free: bool) -> Any:
    onnx, torch = package("onnx"), _torch()
    file = io.BytesIO()
    axes = {"picture": {2: "h", 3: "w"}, "result": {2: "sh", 3: "sw"}} if free else None
    try:
        # Where it fails it prints the whole graph.
        with warnings.catch_warnings(), torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # of what tracing fixes; whether that matters is tried after
            torch.onnx.export(
                model.net, (torch.rand(1, model.planes, *size),), file, input_names=["picture"],
                output_names=["result"], dynamic_axes=axes, opset_version=_OPSET, dynamo=False,
            )  # fmt: skip
    except Exception as error:  # torch has no exception of its own for this
        raise EngineError(f"the {model.what} cannot be exported to ONNX: {_one_line(error)[:300]}") from error
    return onnx.load_from_string(file.getvalue())


def _is_alike(model: TorchModel, graph: Any, output: str, sizes: tuple[tuple[int, int], ...]) -> bool:
    """Whether the graph gives what torch gives, at these sizes. Raises GraphRefusedError."""
    torch = _torch()
    run = RawGraph(graph.SerializeToString(), signature(graph, output))
    random = np.random.default_rng(7)
    for size in sizes:
        planes = random.random((model.planes, *size), np.float32)
        with torch.no_grad():
            wanted = model.net(torch.from_numpy(planes.copy())[None])[0].numpy()
        noisy = len(planes) > run.signature.planes
        made = run.run(planes[: run.signature.planes], planes[-1] if noisy else None)
        if made.shape != wanted.shape or not np.abs(made - wanted).max() <= _ALIKE * max(
            1, np.abs(wanted).max()
        ):
            return False
    return True


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise EngineError(
            f"files of PyTorch are read by it: pip install 'interneg[spandrel]' ({error})"
        ) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
