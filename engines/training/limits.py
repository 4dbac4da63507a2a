"""What a model may lose in fp16 and INT8, and how a trial stands to that."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from interneg.engines import qualify
from interneg.engines.models import Precision
from interneg.engines.store import Figures

LIMITS = {"lite": 0.05, "standard": 0.1, "temporal": 0.1}
"""dB that INT8 may lose on the public figures."""
MARGINS: Mapping[Precision, float] = {"fp16": 4.0, "int8": 2.0}
"""How many times the measured error a qualification allows: devices sum in other orders, or in fp16."""


def worst(found: Iterable[Figures]) -> Figures:
    """The worst of each figure."""
    found = list(found)
    errors = {name: max(getattr(f, name) for f in found) for name in ("maximum", "p999", "mean", "nans")}
    return Figures(**errors, psnr=min(f.psnr for f in found))


def worse(lost: float, figures: Figures, limit: float) -> float:
    """How a trial stands to what is allowed: above 1 it is too bad. A seventh is left to other devices."""
    most = qualify.LIMITS["int8"]
    ratios = [getattr(figures, name) / getattr(most, name) for name in ("maximum", "p999", "mean")]
    ratios.append(10 ** ((most.psnr - figures.psnr) / 20))
    return max(lost / limit, 1.15 * max(ratios))


def shown(figures: Figures) -> str:
    """Largest, 99.9 % and mean error, and PSNR."""
    errors = " / ".join(f"{value:.2g}" for value in (figures.maximum, figures.p999, figures.mean))
    return f"{errors}, {figures.psnr:.1f} dB"


def limits(precision: Precision, found: Iterable[Figures]) -> dict[str, Any]:
    """The limits of an entry: the measured figures with a margin, where that is tighter than the default."""
    found, margin, most = list(found), MARGINS[precision], qualify.LIMITS[precision]
    errors = {
        name: min(getattr(most, name), float(f"{margin * max(getattr(f, name) for f in found):.2g}"))
        for name in ("maximum", "p999", "mean")
    }
    least = max(most.psnr, round(min(f.psnr for f in found) - 20 * np.log10(margin), 1))
    return {**errors, "psnr": float(least), "nans": 0}
