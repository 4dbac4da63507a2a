"""One figure of a comparison over the frames of a clip."""

from __future__ import annotations

from interneg.plugin.page.curves import curve
from interneg.plugin.qc.figures import Measure, Quality


def chart(measure: Measure, quality: Quality) -> str:
    """The figure as SVG: the reference dashed, a dot on the worst frame; nothing for a constant."""
    numbers = [f.pair.reference for f in quality.frames]
    series = {"test": [f.values[measure.name] for f in quality.frames]}
    if measure.reference:
        series = {"reference": [f.values[measure.reference] for f in quality.frames], **series}
    worst = quality.summary(measure.name, measure.low_is_bad).frame
    return curve(measure.label, measure.help, numbers, series, worst)
