"""The log encoding where a configuration lacks one that can be used."""

from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour, WorkingSpace
from tests.core.colour.colour_configs import minimal


def ramp() -> np.ndarray:
    values = np.geomspace(1e-4, 1e4, 2001, dtype=np.float32)
    return np.broadcast_to(
        np.concatenate([-values, np.array([0], np.float32), values, np.array([65504], np.float32)]),
        (3, 3, 4004),
    )


@pytest.mark.parametrize("working", WorkingSpace)
def test_analytic_log_without_a_role(working: WorkingSpace, tmp_path: Path) -> None:
    small = Colour(minimal(tmp_path))
    assert small.log_encoding("lin").startswith("analytic ACEScct curve (the config has no")
    assert small.log_encoding("video") == "its own transfer (not linear)"
    back = small.leave(small.enter(ramp(), "lin", working), "lin", working)
    np.testing.assert_allclose(back, ramp(), rtol=2e-5)


def test_analytic_log_is_the_published_curve(tmp_path: Path) -> None:
    small = Colour(minimal(tmp_path))
    light = np.array([-0.01, 0, 0.005, 0.0078125, 0.18, 1, 222.86, 10000], np.float32)
    curve = np.where(
        light <= 0.0078125,
        10.5402377416545 * light + 0.0729055341958355,
        (np.log2(np.maximum(light, 1e-9)) + 9.72) / 17.52,
    )
    planes = small.enter(np.broadcast_to(light, (3, 1, light.size)), "lin", WorkingSpace.LOG_RGB)
    # Spread so that light of 0 and 1 are codes 0 and 1.
    expected = (curve - curve[1]) / (curve[5] - curve[1])
    np.testing.assert_allclose(planes[0, 0], expected, rtol=1e-6, atol=2e-7)


def test_a_log_that_clips_is_not_used(tmp_path: Path) -> None:
    clip = ocio.RangeTransform(minInValue=0.0, minOutValue=0.0)
    log = ocio.GroupTransform([clip, ocio.LogAffineTransform([0.2] * 3, [0.6] * 3, [1] * 3, [0.01] * 3)])
    small = Colour(minimal(tmp_path, log, compositing_log="log"))
    assert "does not bring negatives and highlights back" in small.log_encoding("lin")
    back = small.leave(
        small.enter(ramp(), "lin", WorkingSpace.LOG_RGB), "lin", WorkingSpace.LOG_RGB
    )  # fmt: skip
    np.testing.assert_allclose(back, ramp(), rtol=2e-5)
