"""Weights out of the catalogue, and what they are told once."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnx", reason="weights are read by onnx")

from interneg.engines.models import load_catalogue  # noqa: E402
from interneg.engines.training.networks import restore  # noqa: E402
from interneg.engines.tuning.start import network, told, weights_of  # noqa: E402
from interneg.errors import UsageError  # noqa: E402


@pytest.mark.parametrize("name", ["denoise-sr-lite-x1", "denoise-sr-lite-x2", "denoise-sr-standard-x4"])
def test_the_weights_are_those_that_are_shipped(name: str) -> None:
    import cv2

    model = load_catalogue()[name]
    net = network(model.variant, model.scale, weights_of(model)).eval()
    planes = torch.rand(1, 6, 24, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        made = net(planes, model.scale)[0].numpy()
    other = cv2.dnn.readNetFromONNX(str(model.weights["fp32"].file))
    other.setInput(planes.numpy())
    assert abs(made - other.forward()[0]).max() < 1e-5


@pytest.mark.parametrize("name", ["denoise-sr-lite-x1", "denoise-sr-lite-x2"])
def test_what_is_told_once_counts_like_what_is_told_each_time(name: str) -> None:
    model = load_catalogue()[name]
    weights = weights_of(model)
    planes = torch.rand(1, 6, 64, 64, generator=torch.Generator().manual_seed(2)) * 0.1
    planes[:, 5] = 0
    asked = planes.clone()
    for channel, value in ((3, 0.03), (4, 0.02), (5, 0.5)):
        asked[:, channel] += value
    with torch.no_grad():
        each = restore(network(model.variant, model.scale, weights), asked, model.scale)
        once_ = network(model.variant, model.scale, told(weights, (0.03, 0.02), 0.5))
        once = restore(once_, planes, model.scale)
        untold = restore(network(model.variant, model.scale, weights), planes, model.scale)
        ignored = restore(once_, torch.cat((planes[:, :5], asked[:, 5:]), 1), model.scale)
    inner = (..., slice(26 * model.scale, -26 * model.scale), slice(26 * model.scale, -26 * model.scale))
    torch.testing.assert_close(once[inner], each[inner], rtol=0, atol=1e-5)
    torch.testing.assert_close(ignored, once)
    assert (once - untold).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["denoise-sr-temporal-x1", "scratch-inpaint-fill"])
def test_other_networks_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"cannot begin from the model {name}: take lite"):
        weights_of(load_catalogue()[name])
