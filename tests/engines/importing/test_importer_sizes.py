"""Sizes, reach and alignment of imported models: measured, and tiles have no seam."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import TensorProto, helper

from interneg.engines.models import load_catalogue
from interneg.engines.source import Engines
from tests.engines.importing.brought import COLOURS, Bring, inner, original, picture
from tests.engines.importing.nets import Net, sharpener, spread


def unshuffled() -> Net:
    """Works on 1/8 of the size, in blocks of 8."""
    net = Net().do("SpaceToDepth", blocksize=8)
    return net.conv(spread(0.05, np.ones(192))).do("DepthToSpace", blocksize=8)  # type: ignore[arg-type]


def reflecting() -> Net:
    net = Net()
    net.do("Pad", net.x, net.const(np.array([0, 0, 3, 3, 0, 0, 3, 3])), mode="reflect")
    return net.conv(spread(1.0, COLOURS, 7), pad=0)


def cropping() -> Net:
    """A convolution without padding and a transposed one that crops one side more than the other."""
    kernel = np.zeros((3, 3, 4, 4))
    for c in range(3):
        kernel[c, c] = np.outer([0.25, 0.75, 0.75, 0.25], [0.25, 0.75, 0.75, 0.25])
    net = Net().conv(spread(0.5, COLOURS), pad=0)
    return net.do("ConvTranspose", net.x, net.const(kernel), strides=[2, 2], pads=[2, 1, 1, 2])


def channels_last() -> Net:
    net = Net()
    net.inputs = [helper.make_tensor_value_info("in", TensorProto.FLOAT, [1, "h", "w", 3])]
    net.do("Transpose", perm=[0, 3, 1, 2]).conv(spread(1.0, COLOURS))
    return net.do("Transpose", perm=[0, 2, 3, 1])


def for_one_size() -> Net:
    """Written for 64x48 pixels: it reshapes to that."""
    net = Net(size=(48, 64)).conv(spread(1.0, COLOURS, 5), pad=2)
    net.do("Reshape", net.x, net.const(np.array([1, 3, 48 * 64])))
    return net.do("Reshape", net.x, net.const(np.array([1, 3, 48, 64])))


@pytest.mark.parametrize(
    ("make", "said", "scale", "multiple", "halo", "size"),
    [
        (unshuffled, {"takes": "0..1", "gives": "0..1"}, 1, 8, range(8, 17), None),
        (reflecting, {}, 1, 1, range(3, 4), None),
        (cropping, {}, 2, 1, range(1, 4), None),
        (channels_last, {}, 1, 1, range(1, 2), None),
        (for_one_size, {}, 1, 8, range(2, 3), (48, 64)),
        (lambda: sharpener(size=(48, 64)), {}, 1, 1, range(1, 2), None),
        (lambda: sharpener(scale=2), {}, 2, 1, range(1, 3), None),
        (lambda: sharpener(kind=TensorProto.FLOAT16), {}, 1, 1, range(1, 2), None),
    ],
    ids=["unshuffled", "reflecting", "cropping", "last", "one-size", "freed", "plain-x2", "fp16"],
)
def test_sizes_halo_and_alignment_are_measured(
    bring: Bring,
    make: Callable[[], Net],
    said: dict[str, str],
    scale: int,
    multiple: int,
    halo: range,
    size: tuple[int, int] | None,
) -> None:
    done = bring(make().model(), **said)
    model = load_catalogue()["net"]
    assert (model.scale, model.multiple, model.size) == (scale, multiple, size)
    assert model.halo in halo
    assert model.everywhere == ()
    assert max(map(abs, done.probed.placement.left_over)) < 0.1
    assert done.measured.seam is None or done.measured.seam <= 1e-4


def test_a_graph_of_one_size_is_run_in_tiles_of_it_without_a_seam(bring: Bring) -> None:
    bring(for_one_size().model())
    seen = picture(131, 170)
    made = Engines("openvino").open("net").run(seen)
    free = Net().conv(spread(1.0, COLOURS, 5), pad=2).model()
    np.testing.assert_allclose(inner(made), inner(original(free, seen)), atol=1e-5)
    assert Engines("openvino").open("net").run(seen[:, :10, :10].copy()).shape == (3, 10, 10)
