"""Pairs that do not go together are told from those that are damaged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from interneg.errors import UsageError
from interneg.frame import Pixels
from interneg.plugin.tuning.aligned import require_aligned
from interneg.plugin.tuning.frames import Both
from interneg.resize import reduce


def scene(seed: int = 1, scale: int = 1, right: int = 0) -> Pixels:
    """Blobs of all sizes, (3, 96 * scale, 128 * scale), moved by `right` pixels of the small picture."""
    white = np.random.default_rng(seed).standard_normal((96 * scale, 160 * scale), np.float32)
    blobs = sum(s * cv2.GaussianBlur(white, (0, 0), s * scale) for s in (1.5, 4, 12))
    start = scale * (16 - right)
    planes = np.zeros((3, 96 * scale, 128 * scale), np.float32)
    planes[0] = 0.5 + 0.2 * scale * blobs[:, start : start + 128 * scale]
    return planes


def both(clean: Pixels, damaged: Pixels) -> list[Both]:
    noise = 0.05 * np.random.default_rng(9).standard_normal(damaged.shape, np.float32)
    return [Both(clean, damaged + noise, "any")] * 3


def test_what_is_damaged_alone_goes_together() -> None:
    require_aligned(both(scene(), scene()), 1)
    require_aligned(both(scene(), 0.7 * scene() + 0.2), 1)
    large = scene(scale=2)
    require_aligned(both(large, np.stack([reduce(p, 2) for p in large])), 2)
    require_aligned(both(np.zeros((3, 96, 128), np.float32), np.zeros((3, 96, 128), np.float32)), 1)


@pytest.mark.parametrize("right", [-3, 1])
def test_what_is_moved_is_refused(right: int) -> None:
    with pytest.raises(UsageError, match=rf"lie [+-]{abs(right)}\.0 pixels right and [+-]0\.0 down"):
        require_aligned(both(scene(), scene(right=right)), 1)


def test_another_picture_is_refused() -> None:
    with pytest.raises(UsageError, match="do not show the same"):
        require_aligned(both(scene(1), scene(2)), 1)
    with pytest.raises(UsageError, match=r"do not show the same \(correlation -1.00\)"):
        require_aligned([Both(scene(), 1 - scene(), "any")], 1)
