from __future__ import annotations

import os
from pathlib import Path

import pytest

from interneg.engines.models import Model, find, load_catalogue
from interneg.engines.source import Engines
from interneg.errors import EngineError
from tests.engines.conftest import Write

BUILT_IN = load_catalogue()


def test_an_entry_is_read(write: Write) -> None:
    model = load_catalogue([write("tiny", scale=2, int8=True)])["tiny"]
    assert (model.scale, model.multiple, model.halo, model.window) == (2, 1, 3, 0)
    assert model.input.channels == ("Y", "Cb", "Cr", "sigma Y", "sigma C", "q")
    assert model.quality == {"Set5 x2 PSNR-Y": 20.5}
    assert set(model.weights) == {"fp32", "int8"}
    assert model.read("bf16") == model.read("fp32") != model.read("int8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("halo = 3", "hallo = 3", "hallo|halo"),
        ("version = 1", "version = 1\nauthor = 'me'", "unknown field `author`"),
        ("scale = 1", "scale = 0", r">= 1.*\$.scale"),
        ("scale = 1", "scale = '1'", r"Expected `int`.*\$.scale"),
        ("multiple = 1", "multiple = 0", r"\$.multiple"),
        ('name = "tiny"', 'name = "Tiny Net"', r"\$.name"),
        ('dtype = "float32"', 'dtype = "float16"', r"float16.*\$.input.dtype"),
        ('layout = "NCHW"', 'layout = "NHWC"', r"\$.input.layout"),
        ("[weights.fp32]", "[weights.int8]", r"\[weights.fp32\] is missing"),
        ("[weights.fp32]", "[weights.fp8]", "fp8"),
        ('sha256 = "', 'sha256 = "x', r"\$.weights"),
        ("tiny.onnx", "other.onnx", r"\[weights.fp32\] names 'other.onnx', no file beside it"),
        ("tiny.onnx", "../models/tiny.onnx", "no file beside it"),
        ("[input]", "[input", "line|Expected"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_file_and_reason(
    write: Write, old: str, new: str, words: str
) -> None:
    path = write("tiny") / "tiny.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(EngineError, match=words) as caught:
        load_catalogue([path.parent])
    assert str(path) in str(caught.value)


def test_an_entry_of_the_users_that_cant_be_read_stops_what_uses_it_alone(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write("tiny")
    write("tiny-x2")
    (folder / "tiny.toml").write_text("name = 3")
    monkeypatch.setenv("INTERNEG_MODELS", str(folder))
    found = load_catalogue()
    assert {"tiny-x2", *BUILT_IN} == set(found)
    with pytest.raises(EngineError, match=r"tiny\.toml is no catalogue entry.* remove tiny\.toml"):
        find(found, "tiny")
    assert "tiny" in found.choices


def test_a_name_of_two_entries_stands_for_neither_and_all_others_go_on(write: Write) -> None:
    first, second = write("tiny", folder="a"), write("tiny", folder="b")
    write("tiny-x2", folder="b")
    found = load_catalogue([first, second])
    assert {"tiny-x2", *BUILT_IN} == set(found) and list(found.unusable) == ["tiny"]
    with pytest.raises(EngineError, match=r"b/tiny.toml declares .* 'tiny', which .*a/tiny.toml already"):
        find(found, "tiny")
    assert "tiny" in found.choices and "tiny-x2" not in found.choices


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model folder .*nowhere does not exist"):
        load_catalogue([tmp_path / "nowhere"])


def test_the_environment_names_folders_for_all_commands(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = write("tiny", folder="a"), write("tiny-x2", folder="b")
    monkeypatch.setenv("INTERNEG_MODELS", f"{first}{os.pathsep}{second}")
    assert {"tiny", "tiny-x2", *BUILT_IN} == set(load_catalogue())
    assert load_catalogue([first]) == load_catalogue(), "a folder that is named twice is read once"
    assert "tiny" in Engines().models
    monkeypatch.setenv("INTERNEG_MODELS", str(tmp_path / "nowhere"))
    with pytest.raises(EngineError, match=r"model folder .*nowhere, which \$INTERNEG_MODELS names, does not"):
        load_catalogue()


def test_a_model_that_does_not_exist(write: Write) -> None:
    models = load_catalogue([write("tiny")])
    with pytest.raises(EngineError, match=r"no model 'tinny' .did you mean 'tiny'"):
        find(models, "tinny")
    with pytest.raises(EngineError, match=r"catalogue holds no model\); .* in \$INTERNEG_MODELS"):
        find({}, "tiny")


def test_weights_that_vanish_after_loading(write: Write) -> None:
    folder = write("tiny")
    model = load_catalogue([folder])["tiny"]
    (folder / "tiny.onnx").unlink()
    with pytest.raises(EngineError, match=r"weights of tiny cannot be read"):
        model.read("fp32")


@pytest.mark.parametrize("model", BUILT_IN.values(), ids=BUILT_IN.keys())
def test_the_built_in_entries_hold(model: Model) -> None:
    for precision in model.weights:
        data = model.read(precision)
        assert len(data) <= 4 * 2**20
    assert model.licence == "Apache-2.0"
