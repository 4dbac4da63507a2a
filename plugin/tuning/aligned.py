"""Whether the frames of a pair show the same, at the same place."""

from __future__ import annotations

import math
from collections.abc import Iterable

import cv2
import numpy as np

from interneg.errors import UsageError
from interneg.frame import Pixels
from interneg.metrics.checks import Double
from interneg.plugin.tuning.frames import Both
from interneg.resize import reduce

# Pairs further apart, in pixels of the damaged frame, teach blur; less alike ones show other things.
_FAR, _ALIKE = 0.5, 0.5
# What is softer than this is compared, in pixels; what varies less shows nothing; a peak of the phase
# correlation that is lower is chance.
_SOFT, _FLAT, _SURE = 1.0, 0.01, 0.1


def require_aligned(pairs: Iterable[Both], scale: int) -> None:
    """Raise UsageError where pairs show something else, or are moved against each other, in the median."""
    alike, moved = [], []
    for both in pairs:
        clean, damaged = (_soft(p) for p in (reduce(both.clean[0], scale), both.damaged[0]))
        if min(clean.std(), damaged.std()) < _FLAT:
            continue
        alike.append(float(np.corrcoef(clean.ravel(), damaged.ravel())[0, 1]))
        window = cv2.createHanningWindow((clean.shape[1], clean.shape[0]), cv2.CV_64F)
        by, sure = cv2.phaseCorrelate(clean, damaged, window)  # which changes both
        if sure > _SURE:
            moved.append(by)
    if not alike:
        return
    if np.median(alike) < _ALIKE:
        raise UsageError(
            f"the clean and the damaged frames do not show the same (correlation {np.median(alike):.2f}): "
            "see that each --damaged is the clip of its --clean, and that frame numbers go together"
        )
    x, y = np.median(moved, axis=0) if moved else (0.0, 0.0)
    if math.hypot(x, y) > _FAR:
        raise UsageError(
            f"the damaged frames lie {x:+.1f} pixels right and {y:+.1f} down of the clean ones: bring both "
            "onto each other to within half a pixel; a model that is trained on this learns to blur"
        )


def _soft(luma: Pixels) -> Double:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), _SOFT), np.float64)
