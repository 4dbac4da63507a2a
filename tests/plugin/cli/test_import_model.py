"""A model of the user's own through the commands: imported, then a choice of Denoise-SR in a render."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from typer.testing import CliRunner

from interneg.frame import Pixels
from interneg.plugin.cli.main import app
from tests.engines.importing.nets import sharpener


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "engines"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("INTERNEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(w) for w in words])
    return result.exit_code, result.output


def stored(path: Path) -> Pixels:
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return np.asarray(read / np.float32(65535))


def test_a_model_that_enlarges_three_times_is_used_at_twice(folder: Path) -> None:
    onnx.save(sharpener(scale=3).model(), folder / "three.onnx")
    code, said = run("import-model", folder / "three.onnx", "--layout", "rgb", "--range", "0..1")
    assert code == 0, said
    assert "scale: 3x" in said and '"denoise-sr:model=three,scale=2" INPUT OUTPUT' in said
    assert "range and order of colours ..." in said  # which a terminal shows in one line
    cv2.imwrite(str(folder / "in.png"), np.full((40, 50, 3), 90, np.uint8))
    code, said = run("render", "denoise-sr:model=three,scale=2", folder / "in.png", folder / "out.png")
    assert code == 0, said
    made = cv2.imread(str(folder / "out.png"))
    assert made is not None and made.shape == (80, 100, 3)
    code, said = run("render", "denoise-sr:model=three,scale=4", folder / "in.png", folder / "o.png")
    assert (code, "set scale to at most 2" in said) == (2, True), said
    code, said = run("nodes", "denoise-sr")
    assert (code, "Models of your own: three" in said) == (0, True)
    code, said = run("render", "denoise-sr:model=Three", folder / "in.png", folder / "p.png")
    assert code and "did you mean 'three'" in " ".join(said.split()), said


def test_a_render_gives_what_the_file_gives(folder: Path) -> None:
    model = sharpener(unit=255.0, scale=4).model()
    onnx.save(model, folder / "Sharp_x4.onnx")
    code, said = run("import-model", folder / "Sharp_x4.onnx", "--layout", "bgr", "--licence", "MIT")
    assert code == 0, said
    assert "range: in 0..255, out 0..255" in said
    assert 'interneg render "denoise-sr:model=sharp-x4,scale=4" INPUT OUTPUT' in said
    assert "| licence | MIT |" in (folder / "models" / "sharp-x4.md").read_text()

    random = np.random.default_rng(3)
    picture = cv2.GaussianBlur(random.random((40, 50, 3)), (0, 0), 1.0)
    cv2.imwrite(str(folder / "in.png"), np.round(65535 * picture).astype(np.uint16))
    line = "denoise-sr:model=sharp-x4,scale=4,noise=0"
    code, said = run("render", line, folder / "in.png", folder / "out.tif")
    assert code == 0, said
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    seen = stored(folder / "in.png").transpose(2, 0, 1)[None]  # OpenCV's order is the model's: BGR
    plain = session.run(None, {"in": seen * 255})[0][0].transpose(1, 2, 0) / 255
    inner = (slice(16, -16), slice(16, -16))  # the file sees black beyond the picture, the node a mirror
    np.testing.assert_allclose(stored(folder / "out.tif")[inner], plain[inner], atol=1e-3)


def test_that_pixels_were_drawn_is_in_the_file_and_on_the_page(folder: Path) -> None:
    onnx.save(sharpener(colours=(0.3, 0.3, 0.3)).model(), folder / "gan.onnx")
    assert run("import-model", folder / "gan.onnx", "--perceptual")[0] == 0
    cv2.imwrite(str(folder / "in.tif"), np.full((32, 32, 3), 30000, np.uint16))
    code, said = run("render", "denoise-sr:model=gan,noise=2", folder / "in.tif", folder / "out.tif")
    assert code == 0, said
    words = "pixels are drawn, not only restored, by gan: trained to please the eye"
    assert words in said
    assert run("review", folder / "in.tif", folder / "out.tif", "--html", folder / "page")[0] == 0
    assert f"<dt>Synthesised</dt><dd>{words}" in (folder / "page" / "review.html").read_text()


def test_a_name_that_there_is_not_is_an_error_of_use(folder: Path) -> None:
    cv2.imwrite(str(folder / "in.png"), np.zeros((8, 8, 3), np.uint16))
    code, said = run("render", "denoise-sr:model=shrp", folder / "in.png", folder / "out.tif")
    assert code == 2
    assert "knob 'denoise-sr.model' is one of lite, standard, or the name of a model of your own" in said
    assert not (folder / "out.tif").exists()


def test_a_folder_that_nothing_looks_into_is_told(folder: Path) -> None:
    onnx.save(sharpener(scale=2).model(), folder / "sharp.onnx")
    words = ("import-model", folder / "sharp.onnx", "--layout", "rgb")
    code, said = run(*words, "--folder", folder / "aside")
    assert (code, "aside: add it to $INTERNEG_MODELS before you use the model" in said) == (0, True), said
    code, said = run(*words, "--folder", folder / "models")
    assert (code, "add it to $INTERNEG_MODELS" in said) == (0, False), said
    code, said = run(*words, "--name", "four", "--scale", 4)
    assert (code, "which is not 4x: leave out --scale, or correct it" in said) == (5, True), said


def test_what_has_to_be_said_is_named_by_option(folder: Path) -> None:
    onnx.save(sharpener().model(), folder / "sharp.onnx")
    code, said = run("import-model", folder / "sharp.onnx")
    assert (code, "--layout" in said) == (2, True)
    code, said = run("import-model", folder / "sharp.onnx", "--range", "0..2")
    assert (code, "0..255" in said) == (2, True)
