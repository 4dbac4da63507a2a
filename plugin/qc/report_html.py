"""The report of `interneg qc` for people: one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import interneg
from interneg.frame import Pixels
from interneg.metrics.flip import flip
from interneg.nonfinite import fill, nonfinite
from interneg.plugin.page.document import document
from interneg.plugin.page.pictures import jpeg, matte, reduced
from interneg.plugin.page.viewer import ViewedFrame
from interneg.plugin.page.viewer import viewer as page_viewer
from interneg.plugin.qc.chart import chart
from interneg.plugin.qc.figures import MEASURES, FrameQuality, Quality, number
from interneg.plugin.qc.viewer import Viewer
from interneg.publish import replacing

_WORST_SHOWN = 4
_THUMBNAIL = 96


def write_html(path: Path, quality: Quality, facts: Mapping[str, Any], viewer: Viewer) -> None:
    """Write the page; the frames that FLIP judges worst are read again for their pictures.

    Raises OutputError where it cannot be written, InputError where a frame can no longer be read.
    """
    worst = sorted(quality.frames, key=lambda f: -f.values["flip"])[:_WORST_SHOWN]
    charts = "".join(chart(m, quality) for m in quality.measures) if len(quality.frames) > 1 else ""
    shown = [_shown(f, viewer) for f in sorted(worst, key=lambda f: f.pair.reference)]
    body = (
        f"<dl>{_facts(quality, facts)}</dl><h2>Summary</h2><table><thead><tr><th>figure</th><th>mean</th>"
        f"<th>worst</th><th>frame</th><th>reference</th><th></th></tr></thead>"
        f"<tbody>{_summary(quality)}</tbody></table>"
        + (f"<h2>Over time</h2><div class=charts>{charts}</div>" if charts else "")
        + "<h2>Worst frames by FLIP</h2><p>Before is the reference, after the test.</p>"
        + page_viewer(shown, [f.pair.reference for f in worst], quality.size, ranked="worst")
    )
    title = f"{Path(facts['test']).name} against {Path(facts['reference']).name}"
    page = document(title, body, ["viewer"])
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _facts(quality: Quality, facts: Mapping[str, Any]) -> str:
    width, height = quality.size
    rows = {
        "Reference": f"{facts['reference']} ({facts['colour']['reference']})",
        "Test": f"{facts['test']} ({facts['colour']['test']})",
        "Compared": f"{len(quality.frames)} frames of {width}x{height}, paired by {facts['paired_by']}"
        + (f", {facts['crop']} pixels cropped on every side" if facts["crop"] else ""),
        "Shots": f"{len(quality.shots)}, from frame {', '.join(map(str, quality.shots))}",
        "Interneg": interneg.__version__,
    }
    return "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in rows.items())


def _summary(quality: Quality) -> str:
    rows = []
    for m in quality.measures:
        mean, worst, frame = quality.summary(m.name, m.low_is_bad)
        own = number(quality.summary(m.reference).mean) if m.reference else ""
        cells = (number(mean), number(worst), "–" if frame is None else str(frame), own)
        numbers = "".join(f"<td class=n>{c}</td>" for c in cells)
        rows.append(f"<tr><th>{escape(m.label)}</th>{numbers}<td class=help>{escape(m.help)}</td></tr>")
    return "".join(rows)


def _shown(frame: FrameQuality, viewer: Viewer) -> ViewedFrame:
    reference, test = (_rgb(p) for p in viewer.pictures(frame.pair))
    error = flip(reference, test)
    figures = ", ".join(f"{m.label} {number(frame.values[m.name])}" for m in MEASURES[:3])
    other = f" (test {frame.pair.test})" if frame.pair.test != frame.pair.reference else ""
    small = reduced(test.transpose(1, 2, 0), _THUMBNAIL)
    return ViewedFrame(
        frame.pair.reference,
        jpeg(_bytes(reference), 92),
        jpeg(_bytes(test), 92),
        jpeg(_bytes(small.transpose(2, 0, 1)), 70),
        True,
        f"{figures}{other}.",
        {"FLIP": matte(error, (255, 40, 200))},
    )


def _rgb(planes: Pixels) -> Pixels:
    bad = nonfinite(planes)
    whole = planes if bad is None else fill(planes, bad)
    return np.broadcast_to(whole, (3, *whole.shape[1:]))


def _bytes(planes: Pixels) -> npt.NDArray[np.uint8]:
    """(H, W, 3) R, G, B, as a screen shows it."""
    codes = np.rint(np.clip(planes, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(codes.transpose(1, 2, 0))
