"""Ranges and orders of an imported model's colours: found out, or asked for."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from interneg.engines.models import load_catalogue
from interneg.engines.source import Engines
from interneg.errors import UsageError
from tests.engines.importing.brought import COLOURS, Bring, inner, original, picture
from tests.engines.importing.nets import Net, enlarge, sharpener, spread


@pytest.mark.parametrize(
    ("facts", "layout", "gain", "offset"),
    [
        ({}, "rgb", 1, 0),
        ({"unit": 255.0}, "rgb", 255, 0),
        ({"unit": 255.0}, "bgr", 255, 0),
        ({"unit": 2.0, "offset": -1.0}, "rgb", 2, -1),
        ({"unit": 2.0, "offset": -1.0, "scale": 3}, "bgr", 2, -1),
    ],
)
def test_ranges_and_orders_are_put_into_the_graph(
    bring: Bring, facts: dict[str, float], layout: str, gain: float, offset: float
) -> None:
    model = sharpener(**facts).model()  # type: ignore[arg-type]
    done = bring(model, layout=layout)
    turn = slice(None, None, -1 if layout == "bgr" else 1)
    wanted = (original(model, picture()[turn] * gain + offset)[turn] - offset) / gain
    engine = Engines("openvino").open("net")
    scale = int(facts.get("scale", 1))
    assert engine.scale == scale == done.probed.how.scale
    np.testing.assert_allclose(inner(engine.run(picture()), scale), inner(wanted, scale), atol=2e-5)


def test_what_is_said_against_the_file_is_told(bring: Bring) -> None:
    net = Net()
    mean = 255 * np.array([0.4040, 0.4371, 0.4488]).reshape(1, 3, 1, 1)
    net.with_("Sub", mean).conv(spread(1.0, COLOURS)).with_("Add", mean)
    done = bring(net.model(), layout="rgb", takes="0..1", gives="0..1")
    assert "speaks for bgr" in done.probed.order.how and "speaks for 0..255" in done.probed.ranges.how


def test_all_that_is_not_found_out_is_asked_for_at_once(bring: Bring) -> None:
    with pytest.raises(
        UsageError, match=r"--layout: it treats red and blue differently, by up to .* rgb .* or bgr"
    ):
        bring(sharpener().model(), layout=None)
    scrambled = Net().conv(np.random.default_rng(1).normal(0, 0.3, (3, 3, 3, 3))).with_("Add", 0.3)
    with pytest.raises(UsageError, match="--range: are its pictures in"):
        bring(scrambled.model())
    assert bring(scrambled.model(), takes="0..1", gives="0..1").name == "net"


def test_the_order_is_known_where_it_does_not_matter_or_the_file_tells(bring: Bring) -> None:
    alike = bring(sharpener(colours=(0.3, 0.3, 0.3)).model(), "alike", layout=None)
    assert alike.probed.order.how.startswith("either")
    net = Net()
    mean = np.array([0.4040, 0.4371, 0.4488]).reshape(1, 3, 1, 1)
    net.with_("Sub", mean).conv(spread(1.0, COLOURS)).with_("Add", mean)
    told = bring(net.model(), "told", layout=None)
    assert told.probed.how.order_in == "bgr"
    assert "mean colours" in told.probed.order.how


@pytest.mark.parametrize(("unit", "expected"), [(1.0, "0..1"), (255.0, "0..255")])
def test_mean_colours_tell_the_range_too_also_in_a_constant_node(
    bring: Bring, unit: float, expected: str
) -> None:
    """A network that holds its result to nothing, and that other ranges change by more than rounding."""
    net = Net()
    mean = numpy_helper.from_array(np.array([0.4488, 0.4371, 0.4040], np.float32).reshape(1, 3, 1, 1) * unit)
    mean_ = net.do("Constant", value=mean).x
    net.nodes[-1].ClearField("input")
    seen = net.do("Sub", "in", mean_).x
    net.conv(spread(1.0, COLOURS)).do("Abs")
    net.do("Add", net.do("Mul", net.x, net.const(0.02 / unit)).x, seen).do("Add", net.x, mean_)
    done = bring(net.model(), layout=None)
    assert done.probed.how.takes == done.probed.how.gives == expected
    assert "mean colours" in done.probed.ranges.how
    assert done.probed.how.order_in == "rgb"


def test_a_result_that_nothing_holds_is_not_taken_for_one_that_is_held(bring: Bring) -> None:
    """Linear enlargement and a little level: in 0..255 that goes beyond neither end by itself."""
    net = Net()
    enlarge(net, 2)
    with pytest.raises(UsageError, match="--range: are its pictures in"):
        bring(net.with_("Add", 0.003).model())


def test_a_model_of_luma_takes_one_plane(bring: Bring) -> None:
    bring(sharpener(colours=(0.3,)).model(), layout=None)
    assert load_catalogue()["net"].input.channels == ("Y",)
