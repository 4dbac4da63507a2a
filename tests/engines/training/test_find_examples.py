from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.defects.company import COMPANY
from interneg.defects.odds import FACTS
from interneg.engine import NoEngines
from interneg.engines.training import find_examples
from interneg.engines.training.find_damage import Layer, Real
from interneg.frame import Pixels
from interneg.memo import Memo
from interneg.node import Context, View


def test_the_second_networks_see_what_the_first_answer_and_the_others() -> None:
    rng = np.random.default_rng(2)
    facts, places = rng.normal(size=(5, len(FACTS) + 1)), rng.uniform(0, 300, (5, 2))
    signs, own = np.array([1, -1, 1, 1, -1]), rng.normal(size=5)
    frame = find_examples.Examples(
        facts, np.zeros(5), np.full(5, 9.0), np.zeros(5, np.bool_), signs, places, (320, 384)
    )
    made = frame.beside(own)
    assert made.shape == (5, len(FACTS) + 2 + len(COMPANY))
    np.testing.assert_array_equal(made[:, : len(FACTS) + 1], facts)
    np.testing.assert_array_equal(made[:, len(FACTS) + 1], own)


def test_a_clip_of_too_few_frames_is_refused(tmp_path: Path) -> None:
    for t in range(3):
        cv2.imwrite(str(tmp_path / f"{t}.jpg"), np.full((32, 32), 90, np.uint8))
    with pytest.raises(ValueError, match="holds 3 JPEG frames: a clip has at least 5"):
        next(find_examples.windows([tmp_path], 1, 1))


def test_windows_are_five_frames_of_one_clip(tmp_path: Path) -> None:
    for t in range(9):
        cv2.imwrite(str(tmp_path / f"{t}.jpg"), np.full((330, 32), 20 * t, np.uint8))
    for clip, _ in find_examples.windows([tmp_path], 4, 1):
        assert {p.shape for p in clip} == {(320, 32)}
        steps = np.diff([round(255 * float(p.mean()) / 20) for p in clip])
        assert steps.tolist() in ([1] * 4, [-1] * 4)


def test_some_windows_stand_still_without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[list[Pixels]] = []

    def seen(view: View, _: object) -> None:
        shown.append([frame.pixels for frame in view.window.frames])

    monkeypatch.setattr(find_examples, "evidence", seen)
    monkeypatch.setattr(find_examples, "neighbours", lambda _: [])
    rng = np.random.default_rng(5)
    clip = [rng.random((40, 48)).astype(np.float32) for _ in range(5)]
    for still in (1.0, 0.0):
        for name, share in (
            ("_STILL", still),
            ("_THING", 0),
            ("_DAMAGED", 0),
            ("_FILM", 1),
            ("_CODED", 0),
            ("_CROSSED", 0),
        ):
            monkeypatch.setattr(find_examples, name, share)
        assert (
            find_examples.examples(clip, Real({}, []), Context(Colour(), NoEngines(), Memo(9)), rng) is None
        )
    for first, frames in zip((True, False), shown, strict=True):
        assert all(np.array_equal(frames[0], frame) for frame in frames) is first


def test_dirt_lies_across_scratches_that_stay() -> None:
    rng, plain = np.random.default_rng(3), np.full((200, 300), 0.5, np.float32)
    layers = [Layer(plain.copy(), 0 * plain, 0 * plain) for _ in range(5)]
    find_examples.crossed(layers, rng)
    dirt, scratch = (np.stack([getattr(v, n) > 0.05 for v in layers]) for n in ("dirt", "scratch"))
    assert (scratch.any(axis=2).mean(axis=1) > 0.9).all()
    assert (dirt & scratch).any(axis=(1, 2)).sum() > 1
