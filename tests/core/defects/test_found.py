from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.detector import Answer
from interneg.defects.dirt import Spot
from interneg.defects.found import Sensitivity, detected
from interneg.defects.likely import Likely
from interneg.defects.scene import flights
from tests.core.defects.test_detector import SIZE, seen, shot, view_of


@pytest.mark.parametrize(("dense", "kept"), [(0.0, [3.0]), (9.0, [2.0, 3.0])])
def test_doubtful_dirt_has_to_be_clearer_where_little_is_damaged(
    monkeypatch: pytest.MonkeyPatch, dense: float, kept: list[float]
) -> None:
    view, none = view_of(shot(), 2), np.zeros(SIZE, np.float32)
    doubtful = [Spot(30, 20, np.ones((6, 6), np.bool_), margin) for margin in (2.0, 3.0)]
    sure = Likely([], [], flights(seen(view), []), dense)
    monkeypatch.setattr("interneg.defects.found.answered", lambda *_: Answer(none, none))
    monkeypatch.setattr("interneg.defects.likely.spots", lambda *_: sure)
    monkeypatch.setattr("interneg.defects.likely.doubtful", lambda *_: doubtful)
    made = detected(view, Sensitivity(0.5, 0.5, 0.0, 60))
    assert [spot.margin for spot in made.spots] == kept
