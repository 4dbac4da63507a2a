from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.defects.blend import membrane
from interneg.defects.context import FILLER, continued
from interneg.engine import Engine
from interneg.engines.source import Engines
from interneg.frame import Pixels


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engines(precision="fp32").open(FILLER)


def stripes(height: int = 160, width: int = 200) -> Pixels:
    """Edges 20 pixels apart that lean, 0.2 and 0.8, (H, W, 3)."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wave = 0.5 + 0.3 * np.clip(6 * np.sin((x + 0.4 * y) * np.pi / 20), -1, 1)
    return np.repeat(wave[..., None], 3, 2).astype(np.float32)


def spot(y: int, x: int, radius: int, size: tuple[int, ...]) -> np.ndarray:
    return np.asarray(cv2.circle(np.zeros(size[:2], np.uint8), (x, y), radius, 1, -1) > 0)


def box(hole: np.ndarray) -> tuple[slice, slice]:
    y, x = np.nonzero(hole)
    return np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]


def filled(picture: Pixels, hole: np.ndarray, areas: list[tuple[slice, slice]], engine: Engine) -> Pixels:
    made = picture.copy()
    for area, patch in zip(areas, continued(picture, hole, areas, engine), strict=True):
        made[area] = patch
    return made


def error(made: Pixels, clean: Pixels, hole: np.ndarray) -> float:
    return float(np.abs(made - clean)[hole].mean())


def test_edges_go_on_through_a_hole_where_a_membrane_blurs_them(engine: Engine) -> None:
    clean = stripes()
    hole = spot(80, 100, 7, clean.shape)
    given = np.where(hole[..., None], np.float32(9), clean)
    made = filled(given, hole, [box(hole)], engine)
    np.testing.assert_array_equal(made[~hole], clean[~hole])
    assert error(made, clean, hole) < 0.75 * error(membrane(given, ~hole), clean, hole)


def test_what_lies_in_no_area_stays(engine: Engine) -> None:
    clean = stripes()
    hole, other = spot(30, 40, 5, clean.shape), spot(130, 160, 5, clean.shape)
    made = filled(clean, hole | other, [box(hole)], engine)
    np.testing.assert_array_equal(made[other], clean[other])
    assert (made[hole] != clean[hole]).any()


@pytest.mark.parametrize(("scale", "offset"), [(100.0, 0.0), (0.1, -40.0), (-1.0, 1.0)])
def test_any_range_is_filled_alike(engine: Engine, scale: float, offset: float) -> None:
    clean = stripes()
    hole = spot(80, 100, 6, clean.shape)
    given = (scale * clean + offset).astype(np.float32)
    made = (filled(given, hole, [box(hole)], engine) - offset) / scale
    assert error(made, clean, hole) < 0.15


def test_grey_and_colourless_pictures_stay_so(engine: Engine) -> None:
    clean = stripes()
    hole = spot(80, 100, 6, clean.shape)
    made = filled(clean, hole, [box(hole)], engine)
    assert np.ptp(made, axis=2).max() < 1e-5
    grey = filled(np.ascontiguousarray(clean[..., :1]), hole, [box(hole)], engine)
    np.testing.assert_allclose(grey[..., 0], made[..., 0], atol=1e-5)


@pytest.mark.parametrize("size", [(20, 30), (9, 300), (64, 64), (1, 40)])
def test_pictures_smaller_than_a_window(engine: Engine, size: tuple[int, int]) -> None:
    clean = stripes(*size)
    hole = np.zeros(size, bool)
    hole[: (size[0] + 1) // 2, 10:15] = True
    made = filled(np.where(hole[..., None], np.float32(9), clean), hole, [box(hole)], engine)
    assert made.shape == clean.shape and np.isfinite(made).all()
    assert made[hole].max() < 1.2 and error(made, clean, ~hole) == 0


def test_a_hole_wider_than_the_network_sees(engine: Engine) -> None:
    ramp = np.linspace(0.2, 0.8, 260, dtype=np.float32)
    clean = np.tile(ramp[:, None], (240, 1, 3))
    hole = spot(120, 130, 70, clean.shape)
    given = np.where(hole[..., None], np.float32(9), clean)
    areas = [np.s_[a : a + 40, b : b + 40] for a in range(40, 200, 40) for b in range(40, 220, 40)]
    made = filled(given, hole, areas, engine)
    assert np.abs(made - clean)[hole].max() < 0.25 and error(made, clean, hole) < 0.06


def test_many_holes_are_filled_as_each_alone_nearly(engine: Engine) -> None:
    clean = np.tile(stripes(), (2, 2, 1))
    spots = [spot(y, x, 6, clean.shape) for y in (40, 160, 280) for x in (50, 200, 350)]
    hole = np.logical_or.reduce(spots)
    together = filled(clean, hole, [box(s) for s in spots], engine)
    alone = filled(clean, hole, [box(spots[4])], engine)
    assert np.abs(together - alone)[spots[4]].mean() < 0.02
