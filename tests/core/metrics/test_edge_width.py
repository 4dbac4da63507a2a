"""How soft edges are, measured on edges of known softness."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from interneg.errors import InputError
from interneg.metrics.edge_width import edge_width


def edges() -> np.ndarray:
    y, x = np.mgrid[0:160, 0:160].astype(np.float32)
    return np.where((np.hypot(x % 40 - 20, y % 40 - 20) < 12), 0.8, 0.2).astype(np.float32)


def test_a_wider_blur_measures_wider() -> None:
    widths = [edge_width(cv2.GaussianBlur(edges(), (0, 0), s)) for s in (0.6, 1.0, 1.5, 2.0)]
    assert widths == sorted(widths)
    assert widths[1] == pytest.approx(1.0, abs=0.25) and widths[3] == pytest.approx(2.0, abs=0.3)


def test_noise_is_no_edge() -> None:
    noise = np.random.default_rng(1).normal(0.5, 0.03, (160, 160)).astype(np.float32)
    assert math.isnan(edge_width(noise, 0.03))
    with pytest.raises(InputError, match="the luma must be"):
        edge_width(noise[None])
