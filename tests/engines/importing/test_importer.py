"""What becomes of an imported model: where it lies, how it is named and found, and that it is checked."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from interneg.engines.importing.importer import import_model
from interneg.engines.importing.keeping import target_folder
from interneg.engines.importing.wishes import Wishes
from interneg.engines.models import find, load_catalogue
from interneg.engines.source import Engines
from interneg.errors import EngineError, InputError, UsageError
from tests.engines.importing.brought import COLOURS, Bring, picture
from tests.engines.importing.nets import Net, sharpener, spread


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


def test_layers_that_overflow_in_fp16_stay_in_fp32(bring: Bring) -> None:
    net = Net().with_("Mul", 1e6).conv(spread(1.0, COLOURS)).with_("Mul", 1e-6)
    done = bring(net.model())
    assert done.halved.kept
    assert done.halved.weights is not None
    assert "fp16" in load_catalogue()["net"].weights


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
