from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.defects.evidence import neighbours
from interneg.defects.scratches import scratches
from interneg.engine import NoEngines
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View
from tests.damage import MIDDLE, scene, scratched

ROOT = Path(__file__).parents[3]
ROBBERY = ROOT.parent / "shared" / "data" / "footage" / "great_train_robbery_1903"


def columns(clip: Pixels, at: int) -> list[float]:
    """The columns of the scratches of one frame of a clip, (T, 3, H, W), encoded."""
    colour = Colour()
    space = colour.resolve("texture_paint")
    frames = tuple(Frame.of(p, number=n, colour_space=space) for n, p in enumerate(clip))
    view = View(Window(frames, at), WorkingSpace.LOG_RGB, Context(colour, NoEngines(), Memo(60)))
    return [float(line.columns.mean()) for line in scratches(view, 0.5, neighbours(view))]


def read(paths: list[Path]) -> Pixels:
    """Pictures, (T, 3, H, W), 0..1."""
    found = np.stack([np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)) for path in paths])
    return found.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)


def test_a_scratch_is_found_where_it_is() -> None:
    (column,) = columns(scratched(scene())[0], MIDDLE)
    assert column == pytest.approx(60.7 + 0.01 * 71.5, abs=0.5)


def test_a_line_that_moves_with_the_scene_is_a_post() -> None:
    clip = scene()
    for t, picture in enumerate(clip):
        picture[:, :, 80 - 3 * t : 83 - 3 * t] = 0.05
    assert columns(clip, MIDDLE) == []


@pytest.mark.parametrize("at", [0, 1])
def test_dark_things_one_above_another_are_no_scratch(at: int) -> None:
    """A wall, a tram and a man's coat in line, whose middle is measured elsewhere in each frame."""
    scans = [ROOT / "examples" / "market_street" / f"scan.{n:04d}.png" for n in range(14, 18)]
    assert columns(read(scans), at) == []


def test_the_groove_beside_the_window_of_the_office_is_no_scratch() -> None:
    if not ROBBERY.is_dir():
        pytest.skip(f"no scan at {ROBBERY}")
    scans = [ROBBERY / f"{n:05d}.png" for n in range(32, 37)]
    assert columns(read(scans), 2) == []


WALK = (0.0, 1.3, -0.8, 0.9, 2.1, 0.3, -1.4)


def laid(clip: Pixels, column: float, codes: tuple[float, ...], half: float = 1.0) -> Pixels:
    """The clip with a line that wanders, so many codes brighter in each frame."""
    made = clip.copy()
    for picture, step, code in zip(made, WALK, codes, strict=False):
        away = np.abs(np.arange(clip.shape[3]) - (column + step))
        picture += np.float32(code / 255) * np.clip(half + 0.5 - away, 0, 1).astype(np.float32)
    return made


@pytest.mark.parametrize("column", [30, 75, 120])
def test_a_scratch_that_wanders_by_a_pixel_over_a_still_picture_is_in_every_frame(column: float) -> None:
    rng = np.random.default_rng(7)
    still = np.repeat(scene(1), 7, 0)
    clip = laid(still + rng.normal(0, 0.008, still.shape).astype(np.float32), column, (35,) * 7)
    for at in range(1, 6):
        assert columns(clip, at) == pytest.approx([column + WALK[at]], abs=0.3), at


def test_a_scratch_of_a_scan_is_in_every_frame() -> None:
    scans = read([ROOT / "examples" / "market_street" / f"scan.{n:04d}.png" for n in range(14, 21)])
    clip = laid(scans, 60.5, (35,) * 7)
    for at in range(1, 6):
        assert any(abs(c - 60.5 - WALK[at]) < 0.5 for c in columns(clip, at)), at


def test_a_scratch_that_is_fainter_than_before_and_after_is_found() -> None:
    before, within, after = (
        laid(scene(), 60, codes) for codes in ((35, 35, 12, 0, 0), (35, 35, 12, 35, 35), (0, 0, 12, 35, 35))
    )
    assert columns(before, 2) == columns(after, 2) == []
    assert columns(within, 2) == pytest.approx([60 + WALK[2]], abs=0.5)
    assert columns(laid(scene(), 60, (0, 0, 12, 0, 0)), 2) == []
