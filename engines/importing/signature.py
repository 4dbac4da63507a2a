"""What of a graph's inputs is the picture and what the noise, and which output is the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from interneg.errors import EngineError, UsageError

NoiseInput = Literal["", "channel", "plane", "scalar"]

_NOISE_WORDS = ("sigma", "noise", "level", "strength", "std")


class TensorFacts(NamedTuple):
    """An input or output of a graph. shape: None for a size that may be any."""

    name: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join('any' if n is None else str(n) for n in self.shape)})"


class Signature(NamedTuple):
    """How a graph is fed.

    picture: the input's name. planes: how many of it are the picture, 3 or 1. last: whether they come last
    (NHWC). size: its only height and width. noise: how it is told of noise: by a further plane of the same
    input, an input of planes, or one of a single number; noise_name and noise_rank: of that input.
    output: the name of the result.
    """

    picture: str
    planes: int
    last: bool
    size: tuple[int, int] | None
    noise: NoiseInput
    noise_name: str
    noise_rank: int
    output: str


def signature(model: Any, output: str = "") -> Signature:
    """The signature of a graph. output: which is the result, where it has several.

    Raises EngineError where there is no picture among the inputs, or something that is neither a picture nor
    noise; UsageError where the user has to say which output is meant.
    """
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [_facts(v) for v in model.graph.input if v.name not in constants]
    types = {v.name: v.type.tensor_type.elem_type for v in model.graph.input}
    pictures = [
        i for i in inputs if _planes(i) is not None and not _is_noise(i, inputs) and types[i.name] == 1
    ]
    if len(pictures) != 1:
        raise EngineError(
            f"expected one input that is a picture of floats, (1, 3, H, W) or (1, 1, H, W), the graph has "
            f"{', '.join(map(str, inputs)) or 'none'}: export the model with its picture as one such input"
        )
    picture = pictures[0]
    found = _planes(picture)
    assert found is not None
    count, last = found
    others = [i for i in inputs if i is not picture]
    noise: NoiseInput = "channel" if count in (2, 4) else ""
    if len(others) > 1 or (
        others and (noise or not _is_noise(others[0], inputs) or types[others[0].name] != 1)
    ):
        raise EngineError(
            f"beside its picture the graph takes {', '.join(map(str, others))}: only the level of the noise "
            "can be given to a model, in one input; export it with the others fixed"
        )
    if others:
        single = all(n in (1, None) for n in others[0].shape) and len(others[0].shape) < 4
        single = single or (len(others[0].shape) == 4 and others[0].shape[2:] == (1, 1))
        noise = "scalar" if single else "plane"
        if noise == "plane" and len(others[0].shape) != 4:
            raise EngineError(f"the noise input {others[0]} is neither one number nor a plane (1, 1, H, W)")
    height, width = picture.shape[1:3] if last else picture.shape[2:]
    if (height is None) != (width is None):
        raise EngineError(
            f"the picture {picture} has one fixed side: export it with both free, or both fixed"
        )
    size = None if height is None or width is None else (height, width)
    if size is not None and min(size) < 16:
        raise EngineError(f"the picture {picture} is too small to make tiles of: export it with free sizes")
    noise_name, rank = (others[0].name, len(others[0].shape)) if others else ("", 0)
    result = _result([_facts(v) for v in model.graph.output], output)
    return Signature(picture.name, count - (noise == "channel"), last, size, noise, noise_name, rank, result)


def _facts(value: Any) -> TensorFacts:
    dims = value.type.tensor_type.shape.dim
    return TensorFacts(value.name, tuple(d.dim_value if d.dim_value > 0 else None for d in dims))


def _planes(tensor: TensorFacts) -> tuple[int, bool] | None:
    """How many planes an input has, and whether they come last; None where it is no picture."""
    if len(tensor.shape) != 4 or tensor.shape[0] not in (1, None):
        return None
    _, first, _, last = tensor.shape
    if first in (1, 2, 3, 4):
        return first, False
    if last in (1, 3) and (first is None or first > 4):
        return last, True
    return (3, False) if first is None else None


def _is_noise(tensor: TensorFacts, inputs: Sequence[TensorFacts]) -> bool:
    """Whether an input is the level of the noise, by its name and by its being smaller than a picture."""
    named = any(word in tensor.name.casefold() for word in _NOISE_WORDS)
    small = len(tensor.shape) < 4 or tensor.shape[1] in (1, None) or tensor.shape[2:] == (1, 1)
    return len(inputs) > 1 and small and (named or len(tensor.shape) < 4)


def _result(outputs: Sequence[TensorFacts], asked: str) -> str:
    names = [o.name for o in outputs]
    if asked:
        if asked not in names:
            raise UsageError(f"the graph has no output '{asked}'; it has {', '.join(names)}")
        return asked
    if len(outputs) > 1:
        raise UsageError(
            f"the graph has {len(outputs)} outputs: {', '.join(map(str, outputs))}. Say which one is the "
            "restored picture with --output NAME"
        )
    return names[0]
