"""Held-out frames through Denoise-SR, by PSNR."""

from __future__ import annotations

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engine import CORRECTED, Traits
from interneg.frame import Pixels
from interneg.plugin.tuning.frames import Both
from interneg.plugin.tuning.judge import HeldFrames

VIDEO, LINEAR = "sRGB Encoded Rec.709 (sRGB)", "ACEScg"


class Lighter:
    """Every model: adds a twentieth to luma."""

    name = identity = "lighter"
    scale = 1
    traits = Traits("correction", CORRECTED)

    def open(self, model: str) -> Lighter:
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        return np.stack([np.full_like(planes[0], 0.05), *np.zeros_like(planes[:2])])


def pair(space: str, off: float, scale: int = 1, grey: bool = False) -> Both:
    """Flat but for a slope; the damaged frame is darker by `off`."""
    clean = np.zeros((3, 60 * scale, 80 * scale), np.float32)
    clean[0] = np.linspace(0.3, 0.6, 80 * scale, dtype=np.float32)
    clean[1] = 0 if grey else 0.05
    damaged = clean[:, ::scale, ::scale].copy()
    damaged[0] -= off
    return Both(clean, damaged, space)


@pytest.mark.parametrize("space", [VIDEO, LINEAR])
@pytest.mark.parametrize("grey", [False, True])
def test_the_figure_is_the_mean_over_frames_as_they_are_encoded(space: str, grey: bool) -> None:
    held = HeldFrames([pair(space, 0.1, grey=grey), pair(space, 0.05, grey=grey)], 1, Colour())
    assert held.plain() == pytest.approx((20 + 26.0206) / 2, abs=0.02)
    # 0.05 of the first is left, and nothing of the second.
    assert held.restored(Lighter(), {"model": "any"}) > 26.0206 / 2 + 25


def test_a_frame_to_be_enlarged_is_so() -> None:
    held = HeldFrames([pair(VIDEO, 0.0, scale=2)], 2, Colour())
    assert held.plain() > 45


def test_the_best_settings_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    held = HeldFrames([pair(VIDEO, 0.1)], 1, Colour())
    monkeypatch.setattr(
        held, "restored", lambda engines, knobs: -abs(knobs["deblock"] - 0.5) - (knobs["noise"] == "auto")
    )
    assert held.best(Lighter(), "lite") == {"model": "lite", "noise": 4.0, "deblock": 0.4}
