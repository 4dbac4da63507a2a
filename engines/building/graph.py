"""A model's graph as a library's network: parsed from its ONNX file, and checked against the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from interneg.engines.building.orders import Order
from interneg.engines.models import Planes
from interneg.errors import EngineError


class ParsedGraph(NamedTuple):
    """network: the library's. parser: it holds the weights, which a build still reads."""

    network: Any
    parser: Any


def parse(trt: Any, builder: Any, listener: Any, order: Order, weights: bytes, source: str) -> ParsedGraph:
    """The network of an ONNX file, with the inputs and outputs of the catalogue.

    trt: the library's module, with a builder and a listener of its. source: what messages call the file.
    Raises EngineError for what is no ONNX file, a graph that the library cannot parse or does not support,
    and inputs or outputs that are not the catalogue's.
    """
    flags = trt.NetworkDefinitionCreationFlag
    # TensorRT 11 has no other networks, and no flag.
    strong = 1 << int(flags.STRONGLY_TYPED) if hasattr(flags, "STRONGLY_TYPED") else 0
    network = builder.create_network(strong)
    parser = trt.OnnxParser(network, listener)
    # The parser takes these for a graph without nodes.
    if what := _no_onnx(weights):
        raise EngineError(f"{source} is no ONNX file (it is {what}). Export the model again")
    if not parser.parse(weights):
        raise EngineError(f"{order.library.name} cannot parse {source}: {_complaints(parser, listener)}")
    for kind, count, get, planes in (
        ("input", network.num_inputs, network.get_input, order.model.input),
        ("output", network.num_outputs, network.get_output, order.model.output),
    ):
        _check_tensors(kind, [get(i) for i in range(count)], planes, source, order.model.size)
    return ParsedGraph(network, parser)


def one_line(text: str) -> str:
    """A library's message, which may have several lines, without the full stop."""
    return " ".join(text.split()).rstrip(".")


def _complaints(parser: Any, listener: Any) -> str:
    """What the parser has against the file, and what to do."""
    found = [parser.get_error(i) for i in range(parser.num_errors)]
    nodes = {
        _node_complaint(e.code().name, e.node_operator(), e.node_name(), one_line(e.desc()))
        for e in found
        if e.node_operator()
    }
    if nodes:
        return (
            f"{'; '.join(sorted(nodes))}. Export the model with operators that it has, or leave it to "
            "another runtime"
        )
    return f"{'; '.join(one_line(e.desc()) for e in found) or listener.complaints()}. Export the model again"


def _check_tensors(
    kind: str, found: Sequence[Any], planes: Planes, source: str, size: tuple[int, int] | None
) -> None:
    """A graph's inputs or outputs are the catalogue's, or the runtime would find no such tensor."""
    names = [tensor.name for tensor in found]
    if names != [planes.name]:
        raise EngineError(
            f"{source}: its {kind} is {' and '.join(names) or 'none'}, the catalogue entry says "
            f"'{planes.name}'; export the model again or mend the entry"
        )
    shape = tuple(found[0].shape)
    wanted = (-1, len(planes.channels), *(size or (-1, -1)))
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


def _node_complaint(code: str, operator: str, node: str, complaint: str) -> str:
    """What the parser has against a node."""
    if "Plugin not found" in complaint or (code == "UNSUPPORTED_NODE" and complaint == "false"):
        return f"TensorRT has no operator {operator} (node '{node}'): {complaint}"
    return f"node '{node}' ({operator}), {code.replace('_', ' ').lower()}: {complaint}"
