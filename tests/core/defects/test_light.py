from __future__ import annotations

import numpy as np

from interneg.defects.dirt import Spot
from interneg.defects.light import glows
from interneg.frame import Pixels
from tests.core.defects.test_scene import SIZE, drawn, seen

ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]].astype(np.float32)
AWAY = np.hypot(COLUMNS - 160, ROWS - 120)
ABOVE, BELOW = ((AWAY <= 13.5) & side for side in (ROWS < 120, ROWS >= 120))


def judged(lit: Pixels, radius: float | None = None) -> bool:
    """Whether what stands out, or what lies within a radius, is light."""
    frames = [drawn([])] * 2 + [lit] + [drawn([])] * 2
    shape = lit - frames[0] > 0.1 if radius is None else radius > AWAY
    y, x = np.nonzero(shape)
    box = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
    (found,) = glows(seen(frames), [Spot(int(x.min()), int(y.min()), shape[box])])
    return bool(found)


def test_a_lamp_and_its_glow_are_light() -> None:
    light = np.maximum(0.7 * np.exp(-AWAY / 9), np.clip(4.5 - AWAY, 0, 1)).astype(np.float32)
    assert judged(drawn([]) + light * (np.float32(1) - drawn([])))


def test_what_lights_what_is_around_is_light() -> None:
    glow = np.maximum(np.clip(14 - AWAY, 0, 1), 0.4 * np.exp(-AWAY / 30))
    lit = drawn([]) + np.float32(0.4) * glow.astype(np.float32)
    cut = drawn([]) + np.float32(0.4) * np.clip(14 - AWAY, 0, 1).astype(np.float32)
    assert judged(lit, 13.5) and not judged(cut, 13.5)
    dark = drawn([]) - np.float32(0.4) * glow.astype(np.float32)
    assert not judged(dark, 13.5)


def test_dark_damage_with_a_bright_piece_among_it_is_none() -> None:
    lit = drawn([]) + np.float32(0.06)
    lit[ABOVE] = drawn([])[ABOVE] - np.float32(0.2)
    lit[BELOW] = drawn([])[BELOW] + np.float32(0.3)
    assert not judged(lit, 13.5)


def test_an_opaque_spot_is_none() -> None:
    assert not judged(drawn([(160, 120, 14)]))


def test_a_soft_spot_is_none() -> None:
    cover = np.clip((14 - AWAY) / 6 + 0.5, 0, 1)
    assert not judged(np.asarray(drawn([]) + cover * np.float32(0.4), np.float32))


def test_a_small_spot_is_too_small_to_tell() -> None:
    assert not judged(np.asarray(drawn([]) + 0.6 * np.exp(-AWAY / 1.5), np.float32))
