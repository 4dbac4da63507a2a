from __future__ import annotations

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engine import Traits
from interneg.errors import InputError
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList
from interneg.nodes import NODES
from interneg.plugin.models.contest import compete, places, sheet
from interneg.resize import cubic

SPACE = "sRGB Encoded Rec.709 (sRGB)"


class Guest:
    """Two models of 2x: "soft" is the cubic kernel, "loud" adds a pattern in one corner."""

    scale = 2
    traits = Traits("picture", ("R", "G", "B"))

    def __init__(self, name: str = "") -> None:
        self.name = self.identity = name

    def open(self, model: str) -> Guest:
        return Guest(model)

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        large = np.stack([cubic(p, 2) for p in planes])
        if self.name == "loud":
            rows, columns = np.indices((100, 100))
            large[:, -100:, -100:] += 0.2 * ((rows + columns) % 2) - 0.1
        return np.asarray(large, np.float32)


def frame(side: int = 300) -> Frame:
    random = np.random.default_rng(1).uniform(0.3, 0.6, (3, 20, 20)).astype(np.float32)
    large = np.stack([cubic(p, side // 20) for p in random]).clip(0, 1)
    return Frame.of(large, "RGB", colour_space=SPACE, number=5)


def test_models_are_compared_on_a_plate() -> None:
    nodes = [NODES["denoise-sr"].with_knobs({"model": m, "scale": 2, "noise": 0}) for m in ("soft", "loud")]
    source, colour = FrameList([frame()]), Colour()
    plain, made = compete(nodes, source, 5, colour, Guest())
    assert [m.name for m in made] == ["soft", "loud"]
    soft, loud = made
    assert plain.shape == soft.picture.shape == (600, 600, 3)
    assert soft.detail == pytest.approx(1, abs=0.02)
    assert loud.detail > 1.1
    assert soft.apart <= loud.apart
    assert soft.psnr is None
    y, x = places([m.picture for m in made], (224, 224))[0]
    assert y + 224 > 500 and x + 224 > 500, "the corner in which they differ comes first"
    drawn = sheet(plain, made)
    assert drawn.shape == (22 + 4 * 224, 3 * 224, 3)
    np.testing.assert_array_equal(
        drawn[22:246, 224:448], np.rint(soft.picture[y : y + 224, x : x + 224] * 255).astype(np.uint8)
    )


def test_with_a_reference_there_are_psnr_and_ssim() -> None:
    node = NODES["denoise-sr"].with_knobs({"model": "soft", "scale": 2, "noise": 0})
    wanted = Frame.of(Guest().run(frame().pixels), "RGB", colour_space=SPACE, number=5)
    _, (soft,) = compete([node], FrameList([frame()]), 5, Colour(), Guest(), wanted)
    assert soft.psnr is not None and soft.psnr > 60
    assert soft.ssim is not None and soft.ssim > 0.999
    with pytest.raises(InputError, match="the reference is 300x300, the result 600x600"):
        compete([node], FrameList([frame()]), 5, Colour(), Guest(), frame())
