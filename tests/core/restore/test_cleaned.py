from __future__ import annotations

import numpy as np

from interneg.colour import Colour, WorkingSpace
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View
from interneg.restore.cleaned import cleaned

VIDEO = "sRGB Encoded Rec.709 (sRGB)"


class Halving:
    """An engine source whose network takes half of what it sees, and remembers what it was told."""

    identity = name = "halving"

    def __init__(self) -> None:
        self.seen: list[Pixels] = []

    def open(self, model: str) -> Halving:
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        self.seen.append(planes.copy())
        return np.asarray(-planes[:3] / 2, np.float32)


def test_each_frame_is_cleaned_once_by_its_own_noise() -> None:
    rng = np.random.default_rng(0)
    frames = tuple(
        Frame.of(rng.uniform(0.2, 0.8, (3, 24, 32)).astype(np.float32), colour_space=VIDEO, number=i)
        for i in range(3)
    )
    engine = Halving()
    context = Context(Colour(), engine, Memo(16))  # type: ignore[arg-type]
    view = View(Window(frames, 1), WorkingSpace.LOG_Y, context)
    sigma = {offset: np.full((1, 1), 0.01 * (offset + 2), np.float32) for offset in (-1, 0, 1)}
    looked = cleaned(view, "test", 0.3, lambda seen, offset: (sigma[offset], sigma[offset]))
    for offset in (-1, 0, 1, 1, 0):
        np.testing.assert_allclose(looked.planes(offset), view.planes(offset) / 2, rtol=1e-6)
    told = [net[3, 0, 0] for net in engine.seen]
    np.testing.assert_allclose(told, [0.01, 0.02, 0.03])
    assert (engine.seen[-1][5] == np.float32(0.3)).all()
    other = cleaned(view, "test", 0.5, lambda seen, offset: (sigma[offset], sigma[offset]))
    assert other.name != looked.name
