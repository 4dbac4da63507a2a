"""Where a training begins: the weights of a model of the catalogue, told once what plates are like."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from interneg.engine import CORRECTED
from interneg.engines.models import Model
from interneg.engines.training.networks import NETWORKS, build
from interneg.errors import EngineError, UsageError

_PREFIX = "net."
"""What the exporter puts before a network's own names."""


def weights_of(model: Model) -> dict[str, Tensor]:
    """The weights of a model by name, each of its own shape, out of its fp32 ONNX file.

    Raises UsageError for a model that is none of Interneg's networks of one frame, EngineError where its file
    is damaged or onnx is missing.
    """
    if not model.corrects or model.input.channels != CORRECTED or model.variant not in NETWORKS:
        raise UsageError(
            f"a training cannot begin from the model {model.name}: take lite, standard, or one that was "
            "trained from these"
        )
    try:
        import onnx
    except ImportError as error:
        raise EngineError(f"training needs onnx: pip install 'interneg[train]' ({error})") from error
    graph = onnx.load_from_string(model.read("fp32")).graph
    found = {
        tensor.name.removeprefix(_PREFIX): torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy())
        for tensor in graph.initializer
    }
    wanted = build(model.variant, (model.scale,)).state_dict()
    if lost := [name for name in wanted if name not in found or found[name].shape != wanted[name].shape]:
        raise EngineError(f"the file of {model.name} has no weights {lost[0]}: reinstall it")
    return {name: found[name] for name in wanted}


def told(weights: Mapping[str, Tensor], sigma: tuple[float, float], level: float) -> dict[str, Tensor]:
    """Weights that take so much more noise, and so much compression, for granted.

    weights: as `weights_of` returns them, kernels (outputs, inputs, H, W). sigma: of luma and of colour, in
    codes of 0..1, added to what a picture is told of. level: of compression, 0..1, in the place of what a
    picture is told of. The first convolution takes both into its bias.
    """
    made = {name: tensor.clone() for name, tensor in weights.items()}
    (first,) = (name for name in made if name.startswith("trunks.") and name.count(".") == 3
                and name.endswith(".0.weight"))  # fmt: skip
    kernel = made[first]
    bias = made[first.removesuffix("weight") + "bias"]
    for channel, value in zip((3, 4, 5), (*sigma, level), strict=True):
        bias += kernel[:, channel].sum((1, 2)) * value
    kernel[:, 5] = 0
    return made


def network(name: str, scale: int, weights: Mapping[str, Tensor]) -> nn.Module:
    """A network of one scale with these weights, each of its own shape."""
    net = build(name, (scale,))
    net.load_state_dict(dict(weights))
    return net
