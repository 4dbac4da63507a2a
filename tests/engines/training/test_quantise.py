from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper

from interneg.engines.qualify import LIMITS
from interneg.engines.store import Figures
from interneg.engines.training.calibrate import (
    BINS,
    Counts,
    by_entropy,
    by_mse,
    by_percentile,
    counted,
    peaks,
)
from interneg.engines.training.limits import limits, worse, worst
from interneg.engines.training.onnx_nets import Compiled, TypedGraph
from interneg.engines.training.qdq import LEVELS, WEIGHT_LEVELS, equalised, inner, quantised, rounded
from tests.engines.conftest import network

pytest.importorskip("onnxruntime", reason="typed graphs are made with the extra `onnxruntime`")


def tiny() -> bytes:
    """The tests' net with biases and named nodes."""
    model = onnx.load_from_string(network())
    for position, node in enumerate(model.graph.node):
        node.name = f"n{position}"
        if node.op_type == "Conv":
            wide = next(c for c in model.graph.initializer if c.name == node.input[1]).dims[0]
            bias = np.linspace(-0.1, 0.1, wide, dtype=np.float32)
            model.graph.initializer.append(numpy_helper.from_array(bias, f"b{position}"))
            node.input.append(f"b{position}")
    return model.SerializeToString()


def planes(count: int = 2) -> torch.Tensor:
    return torch.rand(count, 6, 16, 24, generator=torch.Generator().manual_seed(1))


def test_weights_are_rounded_to_a_step_for_each_channel() -> None:
    weight = (
        np.random.default_rng(1)
        .normal(0, [[[[0.1]]], [[[1.0]]], [[[1e-6]]]], (3, 4, 3, 3))
        .astype(np.float32)
    )
    small, steps = rounded(weight)
    assert small.dtype == np.int8 and np.abs(small).max() == WEIGHT_LEVELS
    np.testing.assert_array_equal(steps.astype(np.float16).astype(np.float32), steps)
    assert steps.min() == 2.0**-14
    error = np.abs(small * steps[:, None, None, None] - weight)
    assert np.median(error) <= steps.max() / 2 and error[1].mean() < 0.01


def test_calibration_methods_on_known_magnitudes() -> None:
    even = Counts(np.ones(BINS), 2.0)
    assert by_percentile(even, 50) == pytest.approx(1.0, abs=0.01)
    assert by_mse(even) == pytest.approx(2.0, abs=0.05)
    assert by_entropy(even) == pytest.approx(2.0, abs=0.05)
    lonely = Counts(np.r_[np.full(BINS // 8, 1e6), np.zeros(BINS - BINS // 8 - 1), 1.0], 8.0)
    assert by_mse(lonely) < 1.3 and by_percentile(lonely, 99.9) < 1.01


def test_what_goes_into_convolutions_is_counted() -> None:
    weights = tiny()
    names = inner(weights)
    assert len(names) == 1
    seen = counted(weights, planes(20), names)[names[0]]
    assert seen.counts.sum() == 20 * 8 * 16 * 24
    assert seen.top == pytest.approx(float(peaks(weights, planes(20), names)[names[0]].max()))


def test_equalised_channels_change_nothing_but_their_magnitudes() -> None:
    weights = tiny()
    names = inner(weights)
    before = peaks(weights, planes(), names)
    equal = equalised(weights, before, 1.0)
    after = peaks(equal, planes(), names)
    spread = [np.ptp(np.log(p[names[0]] + 1e-3)) for p in (before, after)]
    assert equal != weights and spread[1] < spread[0]
    torch.testing.assert_close(
        Compiled(equal, 1)(planes()), Compiled(weights, 1)(planes()), rtol=0, atol=1e-5
    )


def test_an_int8_graph_runs_alike_everywhere_and_close_to_fp32() -> None:
    weights = tiny()
    steps = {name: c.top / LEVELS for name, c in counted(weights, planes(), inner(weights)).items()}
    small = quantised(weights, steps)
    assert small == quantised(weights, steps)
    onnx.checker.check_model(onnx.load_from_string(small), full_check=True)
    expected = Compiled(weights, 1)(planes())
    torch.testing.assert_close(TypedGraph(small)(planes()), expected, rtol=0, atol=0.05)
    torch.testing.assert_close(Compiled(small, 1)(planes()), TypedGraph(small)(planes()), rtol=0, atol=0.03)


def test_typed_rounds_each_result() -> None:
    tensor = helper.make_tensor_value_info
    nodes = [helper.make_node("Cast", ["x"], ["h"], to=10), helper.make_node("Add", ["h", "h"], ["s"]),
             helper.make_node("Cast", ["s"], ["y"], to=1)]  # fmt: skip
    graph = helper.make_graph(nodes, "g", [tensor("x", 1, [1])], [tensor("y", 1, [1])])
    value = torch.tensor([1.0 + 2**-12])
    assert TypedGraph(helper.make_model(graph).SerializeToString())(value).tolist() == [2.0]


def test_limits_have_a_margin_and_are_never_looser_than_the_default() -> None:
    good = Figures(maximum=0.001, p999=0.0005, mean=0.0001, psnr=70.0, nans=0)
    assert limits("fp16", [good]) == {
        "maximum": 0.004,
        "p999": 0.002,
        "mean": 0.0004,
        "psnr": 58.0,
        "nans": 0,
    }
    fine = Figures(maximum=0.1, p999=0.04, mean=0.01, psnr=44.0, nans=0)
    assert worst([good, fine]) == worst([fine, good]) == fine
    assert worse(0.01, fine, 0.05) == pytest.approx(1.15 * 0.01 / 0.015)
    bad = Figures(maximum=1.0, p999=1.0, mean=1.0, psnr=10.0, nans=0)
    default = LIMITS["int8"]
    assert limits("int8", [good, bad])["maximum"] == default.maximum
    assert limits("int8", [good, bad])["psnr"] == default.psnr
