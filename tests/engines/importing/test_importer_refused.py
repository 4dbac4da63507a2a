"""Models that cannot be imported: refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from interneg.engines.importing.importer import import_model
from interneg.engines.importing.wishes import Wishes
from interneg.engines.models import load_catalogue
from interneg.errors import EngineError, InputError, InternegError, UsageError
from tests.engines.importing.brought import COLOURS, Bring
from tests.engines.importing.nets import Net, enlarge, sharpener, spread


def test_opset_11_is_taken_and_9_refused(bring: Bring) -> None:
    bring(enlarge(Net(), 2).conv(spread(1.0, COLOURS)).model(opset=11))
    assert load_catalogue()["net"].scale == 2
    with pytest.raises(EngineError, match="of opset 9, and 11 is the first"):
        bring(sharpener().model(opset=9), "old")


def test_a_model_of_colour_and_alpha_is_refused_with_the_reason(bring: Bring) -> None:
    net = Net(channels=4).conv(spread(0.3, (1, 1, 1, 1)))
    with pytest.raises(EngineError, match="takes and gives 4 planes: the last one as alpha"):
        bring(net.model())


def test_of_several_outputs_one_has_to_be_named(bring: Bring) -> None:
    net = sharpener()
    good = net.x
    net.with_("Mul", 0.5)
    model = net.model(outputs=[good])
    with pytest.raises(UsageError, match=f"2 outputs: {good} .*--output NAME"):
        bring(model)
    with pytest.raises(UsageError, match="no output 'x'; it has"):
        bring(model, output="x")
    assert bring(model, output=good).probed.signature.output == good


def nets_that_are_refused() -> dict[str, tuple[onnx.ModelProto, str]]:
    custom = sharpener()
    custom.do("Magic", custom.x, domain="my.ops")
    chance = sharpener()
    chance.do("Add", chance.x, chance.do("RandomNormalLike", chance.x).x)
    stuck = sharpener()
    stuck.inputs.append(helper.make_tensor_value_info("reference", TensorProto.FLOAT, [1, 3, "h", "w"]))
    flat = Net().with_("Mul", 0.0)
    broken = Net().with_("Mul", np.nan)
    matte = Net().conv(np.full((1, 3, 3, 3), 1 / 27))
    half = Net().do("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    return {
        "custom": (
            custom.model(domains=[helper.make_opsetid("my.ops", 1)]),
            "does not define: Magic of my.ops",
        ),
        "chance": (chance.model(), r"draws lots \(RandomNormalLike\)"),
        "pair": (stuck.model(), "expected one input that is a picture"),
        "flat": (flat.model(), "one flat field"),
        "broken": (broken.model(), "NaN or inf for an ordinary picture"),
        "half": (half.model(), "no whole scale"),
        "matte": (matte.model(), "output .* has 1 planes, and its picture 3: name another output"),
    }


@pytest.mark.parametrize("name", nets_that_are_refused())
def test_what_cannot_be_used_is_refused_with_the_reason(bring: Bring, folder: Path, name: str) -> None:
    model, reason = nets_that_are_refused()[name]
    with pytest.raises(InternegError, match=reason):
        bring(model, takes="0..1", gives="0..1")
    assert not list(folder.iterdir())


def test_files_that_are_no_models_are_refused(folder: Path, tmp_path: Path) -> None:
    whole = sharpener().model().SerializeToString()
    for name, data in {"cut": whole[:-200], "text": b"not a model", "empty": b""}.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(data)
        with pytest.raises(InternegError, match=f"{name}.onnx|cannot load the model"):
            import_model(path, Wishes(layout="rgb"), folder)
    with pytest.raises(InputError, match=r"nowhere.onnx cannot be read: No such file"):
        import_model(tmp_path / "nowhere.onnx", Wishes(), folder)
    assert not list(folder.iterdir())
