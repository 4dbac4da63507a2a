from __future__ import annotations

from collections.abc import Callable

from interneg.engines.building.profiles import shapes
from interneg.engines.models import Model
from tests.engines.building.conftest import PROXY


def test_profiles_hold_the_models_border(user: Callable[..., Model]) -> None:
    assert str(shapes(user(), PROXY)) == "7x7 546x966 546x966"
