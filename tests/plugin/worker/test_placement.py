from __future__ import annotations

import numpy as np

from interneg.frame import Box, Frame
from interneg.plugin.worker.placement import fitted, placed


def test_placed_and_fitted_leave_what_fits() -> None:
    picture = np.random.default_rng(1).random((24, 32, 4), np.float32)
    frame = Frame.of(picture.transpose(2, 0, 1))
    assert placed(frame, frame) is frame
    assert fitted(frame, frame, None) is frame
    moved = placed(frame, Frame.of(np.zeros((4, 2, 2)), data_window=Box(31, 23, 33, 25)))
    assert (
        moved.pixels[:, 0, 0].tolist() == picture[23, 31].tolist()
        and moved.pixels[:, 1, 1].tolist() == [0] * 4
    )
