"""`interneg train`: plates in, a model out that restores such plates better and renders like any other."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.frame import Pixels
from tests.plugin.cli.test_import_model import folder, run  # noqa: F401

pytest.importorskip("torch", reason="training needs torch")
pytest.importorskip("onnxruntime", reason="what was trained is proved by onnxruntime")

SIDE, FRAMES = 96, 10


def clean(number: int) -> Pixels:
    """A picture that moves: soft shapes and edges, (H, W, 3) of 0..1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    wave = 0.5 + 0.3 * np.sin((x + 2 * number) / 7) * np.cos((y - number) / 9)
    disc = np.hypot(x - 30 - 3 * number, y - 40) < 18
    return np.stack([np.where(disc, 0.75, wave), np.where(disc, 0.3, wave), wave * 0.8 + 0.1], 2)


def written(place: Path, what: str, *, damaged: bool, numbers: range = range(1, FRAMES + 1)) -> str:
    """A sequence: with a pattern of columns, as a bad sensor has it, which no noise or codec looks like."""
    (place / what).mkdir()
    columns = 0.07 * np.where(np.arange(SIDE) % 4 < 2, 1, -1)[None, :, None]
    for number in numbers:
        picture = clean(number) + (columns if damaged else 0)
        codes = np.rint(65535 * np.clip(picture, 0, 1)).astype(np.uint16)
        cv2.imwrite(str(place / what / f"plate.{number:04d}.png"), codes)
    return str(place / what / "plate.%04d.png")


def psnr(path: Path, number: int) -> float:
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert read is not None
    return float(-10 * np.log10(np.mean((read / 65535 - clean(number)) ** 2)))


@pytest.mark.slow
def test_plates_train_a_model_that_a_render_takes(folder: Path) -> None:  # noqa: F811
    good, bad = written(folder, "good", damaged=False), written(folder, "bad", damaged=True)
    words = ("train", "--clean", good, "--damaged", bad, "--name", "columns", "--threads", 1)
    code, said = run(*words, "--minutes", 0.1)
    assert code == 0, said
    assert "held out: the last fifth of each clip (the same scenes: others may gain less); frames to" in said
    assert "frames to choose by: 1, " in said
    assert "so few tell little" in said
    assert "held-out parts" in said and "min left at most" in said
    assert 'use it: interneg render "denoise-sr:model=columns,scale=1" INPUT OUTPUT' in said

    figures = dict(line.split("held-out PSNR, ")[1].rsplit(": ", 1) for line in said.splitlines()
                   if line.startswith("held-out PSNR"))  # fmt: skip
    damaged, ours, made = (float(value.removesuffix(" dB")) for value in figures.values())
    assert made > ours + 1 and made > damaged + 1

    held = FRAMES  # the last frame took no part
    for model in ("columns", "lite"):
        out = folder / f"{model}.%04d.png"
        code, said = run("render", f"denoise-sr:model={model}", bad, out, "--frames", f"{held}")
        assert code == 0, said
    made, ours = (psnr(folder / f"{model}.{held:04d}.png", held) for model in ("columns", "lite"))
    assert made > ours + 1

    card = (folder / "models" / "columns.md").read_text()
    assert "| trained from | denoise-sr-lite-x1, SHA-256" in card
    assert "this model | " in card and str(folder) not in card
    assert "columns" in run("models")[1]
    assert run("models", "columns", "--remove")[0] == 0
    assert not list((folder / "models").glob("columns*"))
    assert not list((folder / "models" / "training").iterdir())

    code, said = run("train", "--clean", good, "--noise", 5, "--name", "lite")
    assert (code, "none of lite, standard, own" in said) == (2, True)


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from interneg.engines.tuning.tuner import Tuner

    good, bad = written(folder, "good", damaged=False), written(folder, "bad", damaged=True)
    words = ("train", "--clean", good, "--damaged", bad, "--name", "columns", "--threads", 1)
    whole = Tuner.run

    def stopped(self: Tuner, report: object, stop: object, save: object, tick: object) -> bool:
        return whole(self, report, lambda: self.step >= 3, save, tick)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Tuner, "run", stopped)
        code, said = run(*words, "--minutes", 0.05)
    assert code == 130 and "the same command goes on from here" in said
    assert not list((folder / "models").glob("*.toml"))

    code, said = run(*words, "--minutes", 0.05, "--start", "standard")
    assert (code, "with other plates or settings, is not finished" in said) == (2, True)
    code, said = run(*words, "--minutes", 0.05)
    assert code == 0, said
    assert "goes on after 0.0 minutes of training" in said
    assert (folder / "models" / "columns.toml").is_file()

    code, said = run(*words, "--minutes", 0.05)
    assert (code, "there is a model 'columns' in" in said, "give --overwrite" in said) == (2, True, True)


def test_what_is_stopped_while_plates_are_read_ends_at_once(
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    monkeypatch.setattr(threading.Event, "is_set", lambda self: True)
    good = written(folder, "good", damaged=False)
    code, said = run("train", "--clean", good, "--noise", 9, "--name", "mine", "--threads", 1)
    assert code == 130 and "min left" not in said
    assert not list((folder / "models").rglob("*.*"))


def test_mistakes_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    good, bad = written(folder, "good", damaged=False), written(folder, "bad", damaged=True)
    few = written(folder, "few", damaged=True, numbers=range(1, 5))
    cv2.imwrite(str(folder / "small.0001.png"), np.zeros((50, 70, 3), np.uint8))
    (folder / "tiny").mkdir()
    for number in range(1, 7):
        cv2.imwrite(str(folder / "tiny" / f"t.{number:04d}.png"), np.zeros((40, 60, 3), np.uint8))
    one = str(folder / "good" / "plate.0001.png")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for words, code, says in (
        (["--clean", good], 2, "what is the damage?"),
        (["--clean", good, "--damaged", bad, "--noise", 3], 2, "leave out --like, --blur"),
        (["--clean", good, "--damaged", few], 3, "lacks 5-10"),
        (["--clean", good, "--clean", good, "--damaged", bad], 2, "--clean names 2 clips and --damaged 1"),
        (["--clean", one, "--damaged", folder / "small.0001.png"], 2, "exactly 2 or 4 times as large"),
        (["--clean", few, "--noise", 3], 2, "4 frames are too few to train on"),
        (["--clean", folder / "tiny", "--noise", 3], 2, "is too small to train on: 48x48 at least"),
        (["--clean", folder / "gone.%04d.png", "--noise", 3], 3, "no frame of this sequence"),
        (["--clean", good, "--noise", 3, "--scale", 3], 2, "enlarges 1, 2 or 4 times"),
        (["--clean", good, "--noise", 3, "--start", "light"], 5, "there is no model 'light'"),
        (["--clean", good, "--noise", 3, "--minutes", 1, "--hours", 1], 2, "not both"),
        (["--clean", good, "--noise", 3, "--minutes", 0], 2, "a training of 0 minutes is none"),
        (["--clean", good, "--noise", 3, "--minutes", "nan"], 2, "a training of nan minutes is none"),
        (["--clean", good, "--noise", 3, "--hours", "inf"], 2, "a training of inf minutes is none"),
        (["--clean", good, "--noise", 0, "--qp", 0], 2, "damage of 0 is none"),
        (["--clean", good, "--noise", 3, "--device", "cuda"], 2, "torch finds no GPU here"),
    ):
        found, said = run("train", *words, "--name", "mine")
        assert (found, says in said) == (code, True), said
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *p: None if n == "torch" else real(n, *p))
    code, said = run("train", "--clean", good, "--noise", 3, "--name", "mine")
    assert (code, "training needs torch: pip install 'interneg[train]'" in said) == (5, True)


def test_what_gains_nothing_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from interneg.plugin.tuning.judge import HeldFrames

    good, bad = written(folder, "good", damaged=False), written(folder, "bad", damaged=True)
    monkeypatch.setattr(HeldFrames, "restored", lambda self, engines, knobs: 30.0)
    words = ("--clean", good, "--damaged", bad, "--name", "mine", "--minutes", 0.02, "--threads", 1)
    code, said = run("train", *words)
    assert (code, "nothing was gained on the held-out frames: lite 30.00 dB, trained 30.00 dB" in said) == (
        5,
        True,
    )
    assert not list((folder / "models").glob("*.toml"))


@pytest.mark.slow
def test_an_enlarging_model_is_trained_of_clean_plates_alone(
    folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "interneg.plugin.tuning.session._LEAST_GAIN", -50.0
    )  # in two seconds it may gain none
    good = written(folder, "good", damaged=False)
    words = ("--clean", good, "--scale", 2, "--noise", 6, "--blur", 0.5, "--name", "twice", "--threads", 1)
    code, said = run("train", *words, "--minutes", 0.03)
    assert code == 0, said
    assert "damage: reduced to 1/2, blur of 0.5 pixels, white noise of 6.0 code values" in said
    out = folder / "out.%04d.png"
    for scale in (1, 2):
        line = f"denoise-sr:model=twice,scale={scale}"
        code, said = run("render", line, good, out, "--frames", "1", "--overwrite")
        assert code == 0, said
        made = cv2.imread(str(folder / "out.0001.png"))
        assert made is not None and made.shape == (scale * SIDE, scale * SIDE, 3)
