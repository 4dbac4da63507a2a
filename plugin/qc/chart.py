"""One figure over the frames of a clip, drawn as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from interneg.plugin.qc.figures import Measure, Quality, number

_CHART = (420, 120)
_LEFT, _TOP, _BOTTOM = 66, 10, 22


def chart(measure: Measure, quality: Quality) -> str:
    """One figure over the frames as SVG: the reference dashed, a dot on the worst; nothing for a constant."""
    names = [n for n in (measure.reference, measure.name) if n]
    series = [[f.values[n] for f in quality.frames] for n in names]
    known = [v for values in series for v in values if not math.isnan(v)]
    if len(set(known)) < 2:
        return ""
    width, height = _CHART
    low, high = min(known), max(known)
    margin = 0.05 * (high - low)
    low, high = low - margin, high + margin
    across = (width - _LEFT - 10) / (len(quality.frames) - 1)

    def at(index: int, value: float) -> tuple[float, float]:
        return _LEFT + index * across, _TOP + (high - value) / (high - low) * (height - _TOP - _BOTTOM)

    lines = "".join(
        f'<path class="{"reference" if n == measure.reference else "test"}" d="{_path(values, at)}"/>'
        for n, values in zip(names, series, strict=True)
    )
    _, worst, frame = quality.summary(measure.name, measure.low_is_bad)
    dot = ""
    if frame is not None:
        x, y = at(next(i for i, f in enumerate(quality.frames) if f.pair.reference == frame), worst)
        dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{frame}: {number(worst)}</title></circle>'
    ticks = "".join(
        f'<text x="{_LEFT - 8}" y="{at(0, v)[1] + 4:.1f}" text-anchor="end">{v:.3g}</text>'
        f'<line x1="{_LEFT}" x2="{width - 10}" y1="{at(0, v)[1]:.1f}" y2="{at(0, v)[1]:.1f}"/>'
        for v in (high - margin, low + margin)
    )
    first, last = quality.frames[0].pair.reference, quality.frames[-1].pair.reference
    return (
        f"<figure><figcaption><b>{escape(measure.label)}</b> {escape(measure.help)}</figcaption>"
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(measure.label)} by frame">'
        f'{ticks}{lines}{dot}<text x="{_LEFT}" y="{height - 5}">{first}</text>'
        f'<text x="{width - 10}" y="{height - 5}" text-anchor="end">{last}</text></svg></figure>'
    )


def _path(values: Sequence[float], at: Any) -> str:
    """An SVG path through the values that exist; a lone one becomes a dot by the round line cap."""
    steps = []
    pen = "M"
    for i, v in enumerate(values):
        if math.isnan(v):
            pen = "M"
            continue
        x, y = at(i, v)
        steps.append(f"{pen}{x:.1f} {y:.1f}" + ("h0" if pen == "M" else ""))
        pen = "L"
    return "".join(steps)
