"""The report of `interneg qc` for programs, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

import interneg
from interneg.plugin.qc.figures import Quality


def report_json(quality: Quality, facts: Mapping[str, Any]) -> bytes:
    """Return the figures as UTF-8 JSON.

    {
      "interneg": version, "schema": 1,
      "reference": name, "test": name,         as given on the command line
      "paired_by": "number" | "order",
      "crop": pixels left out on every side, "size": [width, height] as compared,
      "colour": {"reference": sentence, "test": sentence},
      "shots": [first reference frame of each shot],
      "summary": {figure: {"mean", "worst", "frame"}},    frame: the reference's number
      "frames": [{"reference": number, "test": number, figure: value, ...}]
    }
    The figures: psnr_y (dB), ssim_y, flip, max, mean, nan, blockiness, overshoot_max, overshoot_mean, and
    flicker, local_flicker, e_warp of the test with flicker_reference, local_flicker_reference and
    e_warp_reference beside them; lpips and vmaf where they were asked for. null: the figure does not exist;
    psnr_y where the lumas are equal, figures over time at the ends of a shot, and what the picture is too
    small for.
    """
    summary = {}
    for measure in quality.measures:
        summary[measure.name] = quality.summary(measure.name, measure.low_is_bad)._asdict()
        if measure.reference:
            summary[measure.reference] = quality.summary(measure.reference, measure.low_is_bad)._asdict()
    document = {
        "interneg": interneg.__version__,
        "schema": 1,
        **facts,
        "size": quality.size,
        "shots": quality.shots,
        "summary": summary,
        "frames": [{**f.pair._asdict(), **f.values} for f in quality.frames],
    }
    # msgspec writes NaN as null.
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"
