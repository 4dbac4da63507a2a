from __future__ import annotations

import cv2
import numpy as np

from interneg.defects.surroundings import boxes, means_around


def marked(size: tuple[int, int]) -> np.ndarray:
    there = np.zeros(size, np.uint8)
    for at, radius in (((0, 0), 6), ((90, 40), 9), ((199, 149), 4), ((150, 40), 2)):
        cv2.circle(there, at, radius, 1, -1)
    there[:, 120] = 1
    return there > 0


def test_each_pixel_is_in_one_box() -> None:
    y, x = np.nonzero(marked((150, 200)))
    held = [points for _, points in boxes(y, x, (150, 200))]
    assert sorted(np.concatenate(held)) == list(range(len(y)))
    for (rows, columns), points in boxes(y, x, (150, 200)):
        assert y[points].min() == rows.start and y[points].max() == rows.stop - 1
        assert x[points].min() == columns.start and x[points].max() == columns.stop - 1
    assert len(held) > 1
    assert list(boxes(y[:0], x[:0], (150, 200))) == []


def test_means_are_those_of_the_whole_picture() -> None:
    rng = np.random.default_rng(1)
    there, plane = marked((150, 200)), rng.random((150, 200), np.float32)
    y, x = np.nonzero(there)
    found = means_around(there, y, x, 17, lambda box: {"own": plane[box], "one": np.ones_like(plane[box])})
    away = (~there).astype(np.float32)
    weight = cv2.blur(away, (17, 17), borderType=cv2.BORDER_REFLECT)
    whole = cv2.blur(plane * away, (17, 17), borderType=cv2.BORDER_REFLECT) / np.maximum(weight, 0.02)
    np.testing.assert_allclose(found["own"], whole[y, x], atol=1e-6)
    np.testing.assert_allclose(found["one"], 1, atol=1e-5)
