"""Figures over the frames of a clip, drawn as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

_CHART = (420, 120)
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 10, 10, 22


def curve(
    label: str,
    note: str,
    numbers: Sequence[int],
    series: Mapping[str, Sequence[float]],
    marked: int | None = None,
    ends: tuple[str, str] | None = None,
) -> str:
    """One figure over the frames as SVG, with a cursor that the viewer moves; nothing for a constant.

    numbers: of the frames, rising. series: by class of line, "test" or "reference" (dashed), a value for each
    frame, NaN where there is none. marked: the frame whose value of "test" gets a dot. ends: what the axis
    says at its ends, where it is not of frames; there is no cursor then.
    """
    known = [v for values in series.values() for v in values if not math.isnan(v)]
    if len(set(known)) < 2 or len(numbers) < 2:
        return ""
    width, height = _CHART
    low, high = min(known), max(known)
    margin = 0.05 * (high - low)
    # As many as tell the ends apart.
    digits = max(0, 1 - math.floor(math.log10(high - low)))
    low, high = low - margin, high + margin
    step = (width - _LEFT - _RIGHT) / (numbers[-1] - numbers[0])

    def at(number: int, value: float) -> tuple[float, float]:
        x = _LEFT + (number - numbers[0]) * step
        return x, _TOP + (high - value) / (high - low) * (height - _TOP - _BOTTOM)

    def path(values: Sequence[float]) -> str:
        steps, pen = [], "M"
        for number, value in zip(numbers, values, strict=True):
            if math.isnan(value):
                pen = "M"
                continue
            x, y = at(number, value)
            # A lone value becomes a dot by the round line cap.
            steps.append(f"{pen}{x:.1f} {y:.1f}" + ("h0" if pen == "M" else ""))
            pen = "L"
        return "".join(steps)

    lines = "".join(f'<path class="{kind}" d="{path(values)}"/>' for kind, values in series.items())
    dot = ""
    if marked is not None:
        value = series["test"][numbers.index(marked)]
        x, y = at(marked, value)
        dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"><title>{marked}: {value:.4g}</title></circle>'
    ticks = "".join(
        f'<text x="{_LEFT - 8}" y="{at(numbers[0], v)[1] + 4:.1f}" text-anchor="end">{v:.{digits}f}</text>'
        f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{at(numbers[0], v)[1]:.1f}" '
        f'y2="{at(numbers[0], v)[1]:.1f}"/>'
        for v in (high - margin, low + margin)
    )
    cursor = (
        f'<line class="cursor" x1="{_LEFT}" x2="{_LEFT}" y1="{_TOP}" y2="{height - _BOTTOM}" '
        f'data-left="{_LEFT}" data-step="{step:.6f}" data-first="{numbers[0]}"/>'
    )
    if ends is not None:
        cursor = ""
    kind = "curve" if ends is None else "plot"
    left, right = ends or (str(numbers[0]), str(numbers[-1]))
    says = f"{label}, {left} to {right}, from {min(known):.4g} to {max(known):.4g}"
    return (
        f"<figure><figcaption><b>{escape(label)}</b> {escape(note)}</figcaption>"
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(says)}">'
        f'{ticks}{lines}{dot}{cursor}<text x="{_LEFT}" y="{height - 5}">{left}</text>'
        f'<text x="{width - _RIGHT}" y="{height - 5}" text-anchor="end">{right}</text></svg></figure>'
    )
