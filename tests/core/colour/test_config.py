"""Working spaces of configurations that lack what they should have."""

from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.errors import ColourError
from tests.core.colour.colour_configs import minimal


def ramp() -> np.ndarray:
    values = np.geomspace(1e-4, 1e4, 2001, dtype=np.float32)
    return np.broadcast_to(
        np.concatenate([-values, np.array([0], np.float32), values, np.array([65504], np.float32)]),
        (3, 3, 4004),
    )


def test_a_space_that_cannot_be_left_is_refused(tmp_path: Path) -> None:
    flat = ocio.MatrixTransform([0.0] * 16)
    config = ocio.Config.CreateFromFile(minimal(tmp_path))
    config.addColorSpace(ocio.ColorSpace(name="flat", toReference=flat))
    narrow = ocio.GroupTransform([ocio.RangeTransform(0.0, 0.1, 0.0, 0.1)])
    config.addColorSpace(ocio.ColorSpace(name="narrow", toReference=narrow))
    path = tmp_path / "one_way.ocio"
    path.write_text(config.serialize())
    small = Colour(str(path))
    picture = np.full((3, 2, 2), 0.5, np.float32)
    with pytest.raises(ColourError, match="cannot convert 'lin' to 'flat'"):
        small.enter(picture, "flat", WorkingSpace.LINEAR_RGB)
    with pytest.raises(ColourError, match="without loss"):
        small.enter(picture, "narrow", WorkingSpace.LINEAR_RGB)


def test_a_config_without_scene_linear_says_so(tmp_path: Path) -> None:
    path = tmp_path / "raw.ocio"
    path.write_text(ocio.Config.CreateRaw().serialize())
    raw = Colour(str(path))
    with pytest.raises(ColourError, match="scene_linear"):
        raw.enter(ramp(), "raw", WorkingSpace.LINEAR_RGB)
    np.testing.assert_array_equal(raw.enter(ramp(), "raw", WorkingSpace.LOG_RGB), ramp())
