"""`interneg models`: listed, shown, compared, removed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from tests.engines.importing.nets import sharpener
from tests.plugin.cli.test_import_model import folder, run  # noqa: F401


@pytest.fixture
def imported(folder: Path) -> Path:  # noqa: F811
    onnx.save(sharpener(scale=2).model(), folder / "sharp.onnx")
    assert run("import-model", folder / "sharp.onnx", "--layout", "rgb", "--licence", "MIT")[0] == 0
    return folder


def test_models_are_listed_shown_compared_and_removed(imported: Path) -> None:
    code, said = run("models")
    assert code == 0
    assert "denoise-sr-lite-x1" in said and "sharp" in said and "MIT" in said
    code, said = run("models", "sharp")
    assert (code, said.startswith("# sharp\n"), "| licence | MIT |" in said) == (0, True, True)
    assert run("models", "denoise-sr-lite-x2")[1].startswith("#")
    assert run("models", "lite")[1] == run("models", "denoise-sr-lite-x1")[1]
    code, said = run("models", "sharp", "--on", imported)
    assert (code, "--compare OTHER --on PLATE" in said) == (2, True)

    picture = np.random.default_rng(1).integers(0, 65535, (40, 50, 3)).astype(np.uint16)
    cv2.imwrite(str(imported / "plate.png"), picture)
    sheet = imported / "sheet.png"
    words = ["--on", imported / "plate.png", "--scale", 2, "--sheet", sheet, "--noise", 0]
    code, said = run("models", "sharp", "--compare", "lite", *words)
    assert code == 0, said
    assert "from its input" in said and "lite" in said
    drawn = cv2.imread(str(sheet))
    assert drawn is not None and drawn.shape == (22 + 80, 3 * 100, 3)

    code, said = run("models", "sharp", "--remove")
    assert code == 0 and said.count("removed:") == 5
    assert not list((imported / "models").iterdir())


def test_mistakes_are_told(folder: Path) -> None:  # noqa: F811
    assert run("models", "nothing")[0] == 5
    for words, says in (
        (["--remove"], "--remove needs the name"),
        (["lite", "--compare", "standard"], "needs a model and a plate"),
        (["denoise-sr-lite-x1", "--remove"], "came with Interneg"),
    ):
        code, said = run("models", *words)
        assert (code, says in said) == (2, True)


def test_a_name_in_two_folders_concerns_what_uses_it_alone(
    imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(imported / "models", imported / "others")
    monkeypatch.setenv("INTERNEG_MODELS", f"{imported / 'models'}{os.pathsep}{imported / 'others'}")
    cv2.imwrite(str(imported / "in.png"), np.full((32, 32, 3), 90, np.uint8))
    words = (imported / "in.png", imported / "out.png", "--overwrite")
    assert run("render", "denoise-sr:noise=5", *words)[0] == 0
    code, said = run("models")
    assert code == 0 and "denoise-sr-lite-x1" in said
    twice = "declares the model 'sharp', which"
    assert f"warning: {imported / 'others' / 'sharp.toml'} {twice}" in said
    for command in (
        ("render", "denoise-sr:model=sharp", *words),
        ("models", "sharp"),
        ("models", "sharp", "--compare", "lite", "--on", imported / "in.png"),
    ):
        code, said = run(*command)
        assert (code, twice in said) == (5, True), said
    code, said = run("import-model", imported / "sharp.onnx", "--layout", "rgb")
    assert (code, twice in said, "another --name" in said) == (2, True, True)
