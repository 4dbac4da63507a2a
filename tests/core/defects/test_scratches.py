from pathlib import Path

import cv2
import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.defects.evidence import neighbours
from interneg.defects.scratches import Scratch, lines, scratches
from interneg.engine import NoEngines
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View
from tests.core.defects.test_detector import view_of
from tests.damage import MIDDLE, scene, scratched

ROOT = Path(__file__).parents[3]
SIZE = (320, 200)
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


def leaning(lean: float, half: float, level: float = 0.9) -> tuple[Pixels, Pixels]:
    """Texture under grain, (1, H, W), with a line that leans by so many pixels; and its place in each row."""
    rng = np.random.default_rng(5)
    picture = np.repeat(np.repeat(rng.uniform(0.3, 0.5, (40, 25)), 8, 0), 8, 1) + rng.normal(0, 0.01, SIZE)
    at = 90.3 + lean * (np.arange(SIZE[0]) / (SIZE[0] - 1) - 0.5)
    cover = 0.6 * np.clip(half + 0.5 - np.abs(np.arange(SIZE[1]) - at[:, None]), 0, 1)
    return (picture + cover * (level - picture)).astype(np.float32)[None], at.astype(np.float32)


@pytest.mark.parametrize("lean", [0.0, 1.6, -3.3, 5.2])
@pytest.mark.parametrize("half", [0.5, 1.0])
def test_a_line_is_followed_to_a_part_of_a_pixel(lean: float, half: float) -> None:
    picture, at = leaning(lean, half)
    line = lines(view_of([picture] * 2, 0), 0, 3.0)[0]
    assert line.sign == 1
    assert np.abs(line.at(SIZE[0]) - at).max() < 0.25
    assert half + 0.3 < line.half < half + 1.0


def test_a_line_that_is_hidden_in_places_is_followed_as_well() -> None:
    picture, at = leaning(4.0, 1.0)
    rng = np.random.default_rng(6)
    picture[0, 64:96, 80:100] = rng.uniform(0.1, 0.9, (32, 20))
    line = lines(view_of([picture] * 2, 0), 0, 3.0)[0]
    assert np.abs(line.at(SIZE[0]) - at).max() < 0.25


@pytest.mark.parametrize("column", [0.4, 12.3, 38.8])
def test_a_line_covers_the_pixels_whose_middles_lie_in_it(column: float) -> None:
    rows = np.array([0, 10, 20, 30])
    line = Scratch(
        np.asarray(column + 0.7 * np.arange(3), np.float64), rows, np.array([False, True, True]), 1, 1.4, 5.0
    )
    away = np.abs(np.arange(40) - line.at(30)[:, None])
    np.testing.assert_array_equal(line.cover((30, 40)), (away <= 1.4) & (np.arange(30) >= 10)[:, None])


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


def test_a_narrow_line_beside_what_is_bright_is_narrow() -> None:
    profile = np.array([5, 6, 11, 10, 10, 8, 10, 16, 26, 16, 5, -4, -6, -2, -1, -2, -9], np.float32)
    picture = np.full(SIZE, 0.4, np.float32)
    picture[:, 82:99] += profile / np.float32(255)
    picture += np.random.default_rng(3).normal(0, 0.004, SIZE).astype(np.float32)
    line = lines(view_of([picture[None]] * 2, 0), 0, 3.0)[0]
    assert line.half < 2.5 and np.abs(line.at(SIZE[0]) - 90).max() < 0.5
