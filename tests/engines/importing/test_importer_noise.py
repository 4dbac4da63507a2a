"""Imported models that are told the level of noise: how they take it, and in which unit."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from interneg.engines.models import load_catalogue
from interneg.engines.source import Engines
from tests.engines.importing.brought import Bring, picture
from tests.engines.importing.nets import Net


@pytest.mark.parametrize("kind", ["channel", "plane", "scalar"])
def test_the_level_of_noise_is_given_as_the_model_takes_it(bring: Bring, kind: str) -> None:
    """A model that adds the level to its picture, in 8-bit codes."""
    net = Net(channels=4 if kind == "channel" else 3)
    shape = {"plane": [1, 1, "h", "w"], "scalar": [1]}
    if kind == "channel":
        picture_, level = (net.const(np.array(n)) for n in ([0], [3]))
        ends, axis = [net.const(np.array(n)) for n in ([3], [4])], net.const(np.array([1]))
        level = net.do("Slice", "in", level, ends[1], axis).x
        seen = net.do("Slice", "in", picture_, ends[0], axis).x
    else:
        net.inputs.append(helper.make_tensor_value_info("sigma", TensorProto.FLOAT, shape[kind]))
        level, seen = "sigma", "in"
    net.do("Mul", level, net.const(1 / 255)).do("Add", seen, net.x)
    bring(net.model(), noise_range="0..255")
    model = load_catalogue()["net"]
    assert model.input.channels[3:] == (("one sigma",) if kind == "scalar" else ("sigma",))
    planes = np.concatenate([picture(), np.full((1, 70, 90), 0.1, np.float32)])
    made = Engines("openvino").open("net").run(planes)
    np.testing.assert_allclose(made, planes[:3] + 0.1, atol=1e-5)


@pytest.mark.parametrize(("half", "unit"), [(10.0, "0..255"), (0.04, "0..1")])
def test_the_unit_of_the_noise_is_found_by_what_takes_most_of_it_away(
    bring: Bring, half: float, unit: str
) -> None:
    """A model that blurs the more, the stronger the noise is that it is told of."""
    net = Net()
    net.inputs.append(helper.make_tensor_value_info("sigma", TensorProto.FLOAT, [1]))
    share = net.do("Div", "sigma", net.do("Add", "sigma", net.const(half)).x).x
    box = np.zeros((3, 3, 5, 5))
    box[range(3), range(3)] = 1 / 25
    net.x = "in"
    blurred = net.conv(box, pad=2).x
    net.do("Add", "in", net.do("Mul", net.do("Sub", blurred, "in").x, share).x)
    done = bring(net.model())
    assert done.probed.how.noise_range == unit and unit in done.probed.noise.how
    assert done.probed.locality.halo == 2
    assert done.measured.seam is not None and done.measured.seam <= 1e-4
    assert not [w for w in done.warnings if "tiles" in w]
