"""Models in every awkward form are imported rightly, or refused with the reason."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from interneg.engines.importing.importer import Imported, import_model
from interneg.engines.importing.keeping import target_folder
from interneg.engines.importing.wishes import Wishes
from interneg.engines.models import find, load_catalogue
from interneg.engines.source import Engines
from interneg.errors import EngineError, InputError, InternegError, UsageError
from interneg.frame import Pixels
from tests.engines.importing.nets import Net, enlarge, sharpener, spread

COLOURS = (0.2, 0.3, 0.4)
Bring = Callable[..., Imported]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "engines"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("INTERNEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "models"


@pytest.fixture
def bring(folder: Path, tmp_path: Path) -> Bring:
    def run(model: onnx.ModelProto, name: str = "net", overwrite: bool = False, **said: object) -> Imported:
        path = tmp_path / f"{name}.onnx"
        onnx.save(model, path)
        return import_model(path, Wishes(**{"layout": "rgb"} | said), folder, overwrite=overwrite)  # type: ignore[arg-type]

    return run


def original(model: onnx.ModelProto, picture: Pixels, **more: Pixels) -> Pixels:
    """What the file itself makes of a picture in its own range and order."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"in": picture[None], **more})[0][0])


def picture(height: int = 70, width: int = 90, planes: int = 3) -> Pixels:
    random = np.random.default_rng(4)
    return np.asarray(random.random((planes, height, width)), np.float32)


def inner(planes: Pixels, scale: int = 1, cut: int = 8) -> Pixels:
    return planes[:, cut * scale : -cut * scale, cut * scale : -cut * scale]


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


def test_opset_11_is_taken_and_9_refused(bring: Bring) -> None:
    bring(enlarge(Net(), 2).conv(spread(1.0, COLOURS)).model(opset=11))
    assert load_catalogue()["net"].scale == 2
    with pytest.raises(EngineError, match="of opset 9, and 11 is the first"):
        bring(sharpener().model(opset=9), "old")


def test_what_looks_everywhere_is_named_and_warned_of(bring: Bring) -> None:
    net = Net().conv(spread(0.3, COLOURS))
    kept = net.x
    net.do("GlobalAveragePool").with_("Mul", 0.2).with_("Add", 0.9)
    done = bring(net.do("Mul", kept, net.x).model())
    assert load_catalogue()["net"].everywhere == ("GlobalAveragePool",)
    assert any("GlobalAveragePool" in w and "whole picture" in w for w in done.warnings)
    assert done.probed.locality.change > 1e-3


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


def test_a_model_of_colour_and_alpha_is_refused_with_the_reason(bring: Bring) -> None:
    net = Net(channels=4).conv(spread(0.3, (1, 1, 1, 1)))
    with pytest.raises(EngineError, match="takes and gives 4 planes: the last one as alpha"):
        bring(net.model())


def test_corners_on_corners_is_named_as_what_drifts(bring: Bring) -> None:
    net = Net().conv(spread(0.3, COLOURS))
    sizes = [net.const(np.array(v, np.float32)) for v in ((), (1, 1, 2, 2))]
    net.do("Resize", net.x, *sizes, mode="linear", coordinate_transformation_mode="align_corners")
    done = bring(net.model())
    assert any("align_corners" in w for w in done.warnings)


def test_what_is_said_against_the_file_is_told(bring: Bring) -> None:
    net = Net()
    mean = 255 * np.array([0.4040, 0.4371, 0.4488]).reshape(1, 3, 1, 1)
    net.with_("Sub", mean).conv(spread(1.0, COLOURS)).with_("Add", mean)
    done = bring(net.model(), layout="rgb", takes="0..1", gives="0..1")
    assert "speaks for bgr" in done.probed.order.how and "speaks for 0..255" in done.probed.ranges.how


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


def test_what_was_fp16_with_islands_of_fp32_holds_in_fp16(bring: Bring) -> None:
    """As converters write it: the factors of Resize come out of an fp16 constant by a cast."""
    net = Net(kind=TensorProto.FLOAT16)
    net.do("Cast", net.const(np.array([1, 1, 2, 2], np.float16)), to=TensorProto.FLOAT)
    factors, region = net.x, "no-region"
    net.constants.append(numpy_helper.from_array(np.zeros(0, np.float32), region))
    net.do("Resize", "in", region, factors, mode="linear", coordinate_transformation_mode="half_pixel")
    done = bring(net.conv(spread(1.0, COLOURS)).model())
    assert done.halved.why == ""
    assert done.halved.weights is not None


def test_a_model_of_luma_takes_one_plane(bring: Bring) -> None:
    bring(sharpener(colours=(0.3,)).model(), layout=None)
    assert load_catalogue()["net"].input.channels == ("Y",)


def test_what_lies_outside_is_told(bring: Bring) -> None:
    net = Net()
    net.do("Mul", "in", "in").with_("Mul", -0.5).with_("Add", 1.0).do("Sqrt").with_("Mul", 0.01)
    done = bring(net.do("Add", net.x, "in").conv(spread(1.0, COLOURS)).model(), takes="0..1", gives="0..1")
    assert done.probed.behaviour.beyond == "not finite"
    assert any("NaN or inf" in w for w in done.warnings)


def test_a_level_that_moves_is_told(bring: Bring) -> None:
    done = bring(Net().conv(spread(1.0, COLOURS), bias=[0.02, 0.0, 0.0]).model(), takes="0..1", gives="0..1")
    assert done.probed.behaviour.colour == pytest.approx(0.02, abs=1e-4)
    assert any("moves flat fields" in w and "5.1 of colour" in w for w in done.warnings)


def test_a_model_that_seems_to_draw_is_asked_about(bring: Bring) -> None:
    net = Net().conv(spread(1.0, COLOURS))
    net.do("Add", net.x, net.do("Sin", net.with_("Mul", 60.0).x).with_("Mul", 0.08).x)
    model = net.model()
    done = bring(model, takes="0..1", gives="0..1")
    assert done.probed.behaviour.apart > 0.03
    assert any("say --perceptual" in w for w in done.warnings)
    done = bring(model, takes="0..1", gives="0..1", perceptual=True, overwrite=True)
    assert not any("say --perceptual" in w for w in done.warnings)
    assert load_catalogue()["net"].family == "perceptual"


def test_layers_that_overflow_in_fp16_stay_in_fp32(bring: Bring) -> None:
    net = Net().with_("Mul", 1e6).conv(spread(1.0, COLOURS)).with_("Mul", 1e-6)
    done = bring(net.model())
    assert done.halved.kept
    assert done.halved.weights is not None
    assert "fp16" in load_catalogue()["net"].weights


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


def test_weights_in_further_files_are_taken_along(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "apart.onnx"
    model = sharpener().model()
    onnx.save(model, path, save_as_external_data=True, location="apart.data", size_threshold=0)
    import_model(path, Wishes(layout="rgb"), folder)
    (tmp_path / "apart.data").unlink()
    assert Engines("openvino").open("apart").run(picture()).shape == (3, 70, 90)
    with pytest.raises(InputError, match="keeps its weights in further files"):
        import_model(path, Wishes(layout="rgb", name="again"), folder)


def test_an_engine_is_qualified_against_the_imported_file(bring: Bring, folder: Path) -> None:
    bring(sharpener().model())
    other = sharpener(colours=(0.9, 0.9, 0.9)).model()
    entry = folder / "net.toml"
    kept = np.load(folder / "net-reference.npy")
    bring(other, "net", overwrite=True)
    assert load_catalogue()["net"].version == 2
    np.save(folder / "net-reference.npy", kept)
    digest = __import__("hashlib").sha256((folder / "net-reference.npy").read_bytes()).hexdigest()
    model = load_catalogue()["net"]
    assert model.reference is not None
    entry.write_text(entry.read_text().replace(model.reference.sha256, digest))
    for record in (folder.parent / "engines").glob("*.json"):
        record.unlink()
    with pytest.raises(EngineError, match="failed its qualification against the imported file"):
        Engines("openvino").open("net")


def test_names_are_unique_and_well_formed(bring: Bring, folder: Path, tmp_path: Path) -> None:
    bring(sharpener().model())
    with pytest.raises(UsageError, match=r"there is a model 'net' in .*--overwrite, or another --name"):
        bring(sharpener().model())
    for name in ("Net 1", "lite", "own"):
        with pytest.raises(UsageError, match="--name"):
            import_model(tmp_path / "net.onnx", Wishes(name=name), folder)


def test_an_imported_model_is_found_by_engines_that_are_open(bring: Bring) -> None:
    engines = Engines("openvino")
    bring(sharpener().model())
    assert engines.open("net").traits.takes == ("R", "G", "B")
    assert find(engines.models, "net").origin is not None


def test_it_goes_to_the_first_folder_or_the_users_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert target_folder(tmp_path / "asked") == tmp_path / "asked"
    assert target_folder(None) == folder
    monkeypatch.delenv("INTERNEG_MODELS")
    assert target_folder(None) == tmp_path / "data" / "interneg" / "models"


def test_a_model_of_the_users_own_folder_is_there_at_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("INTERNEG_MODELS")
    path = tmp_path / "mine.onnx"
    onnx.save(sharpener().model(), path)
    with caplog.at_level(logging.INFO):
        import_model(path, Wishes(layout="rgb"), target_folder(None))
    assert "mine" in load_catalogue()
