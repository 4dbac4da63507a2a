"""The report of `interneg qc` for people: one self-contained HTML page."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

import interneg
from interneg.frame import Pixels
from interneg.metrics.flip import flip
from interneg.nonfinite import fill, nonfinite
from interneg.plugin.qc.chart import chart
from interneg.plugin.qc.figures import MEASURES, FrameQuality, Quality, number
from interneg.plugin.qc.viewer import Viewer
from interneg.publish import replacing

_WORST_SHOWN = 4
_THUMB_WIDTH = 480
_DIFFERENCE_GAIN = 8.0


def write_html(path: Path, quality: Quality, facts: Mapping[str, Any], viewer: Viewer) -> None:
    """Write the page; the frames that FLIP judges worst are read again for their pictures.

    Raises OutputError where it cannot be written, InputError where a frame can no longer be read.
    """
    worst = sorted(quality.frames, key=lambda f: -f.values["flip"])[:_WORST_SHOWN]
    charts = "".join(chart(m, quality) for m in MEASURES) if len(quality.frames) > 1 else ""
    page = _PAGE.format(
        style=_STYLE,
        title=escape(f"{Path(facts['test']).name} against {Path(facts['reference']).name}"),
        facts=_facts(quality, facts),
        summary=_summary(quality),
        charts=f"<h2>Over time</h2><div class=charts>{charts}</div>" if charts else "",
        gain=f"{_DIFFERENCE_GAIN:g}",
        worst="".join(_pictures(f, viewer) for f in worst),
    )
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
    for m in MEASURES:
        mean, worst, frame = quality.summary(m.name, m.low_is_bad)
        own = number(quality.summary(m.reference).mean) if m.reference else ""
        cells = (number(mean), number(worst), "–" if frame is None else str(frame), own)
        numbers = "".join(f"<td class=n>{c}</td>" for c in cells)
        rows.append(f"<tr><th>{escape(m.label)}</th>{numbers}<td class=help>{escape(m.help)}</td></tr>")
    return "".join(rows)


def _pictures(frame: FrameQuality, viewer: Viewer) -> str:
    shown = []
    reference, test = (_rgb(p) for p in viewer.pictures(frame.pair))
    error = flip(reference, test)
    heat = cv2.applyColorMap(np.rint(error * 255).astype(np.uint8), cv2.COLORMAP_MAGMA)
    differs = 0.5 + _DIFFERENCE_GAIN * (test - reference)
    for caption, pixels in (
        ("reference", _bytes(reference)),
        ("test", _bytes(test)),
        (f"difference ×{_DIFFERENCE_GAIN:g}", _bytes(differs)),
        ("FLIP", heat),
    ):
        shown.append(
            f'<figure><img alt="{caption}" src="{_inline(pixels)}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    figures = ", ".join(f"{m.label} {number(frame.values[m.name])}" for m in MEASURES[:3])
    name = f"Frame {frame.pair.reference}"
    if frame.pair.test != frame.pair.reference:
        name += f" (test {frame.pair.test})"
    pictures = f"<div class=pictures>{''.join(shown)}</div>"
    return f"<section><h3>{name}</h3><p>{escape(figures)}</p>{pictures}</section>"


def _rgb(planes: Pixels) -> Pixels:
    bad = nonfinite(planes)
    whole = planes if bad is None else fill(planes, bad)
    return np.broadcast_to(whole, (3, *whole.shape[1:]))


def _bytes(planes: Pixels) -> npt.NDArray[np.uint8]:
    """(H, W, 3) in OpenCV's order, as a screen shows it."""
    codes = np.rint(np.clip(planes, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(codes[::-1].transpose(1, 2, 0))


def _inline(pixels: npt.NDArray[np.uint8]) -> str:
    """A JPEG as a data URI, reduced to the width of a column."""
    height, width = pixels.shape[:2]
    if width > _THUMB_WIDTH:
        size = (_THUMB_WIDTH, max(1, round(height * _THUMB_WIDTH / width)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


_STYLE = """
:root { color-scheme: light dark; --ground: #fbfbfa; --ink: #1c1c1e; --soft: #6b6b70; --rule: #dcdcd8;
  --test: #b3411f; --reference: #77777d; }
@media (prefers-color-scheme: dark) { :root { --ground: #17181a; --ink: #e8e8e6; --soft: #9a9aa0;
  --rule: #34363a; --test: #ff9166; --reference: #85858c; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1.5rem; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin-bottom: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; }
dt, .help, figcaption, p { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; white-space: nowrap; }
td, th { border-bottom: 1px solid var(--rule); padding: .35rem .9rem .35rem 0; vertical-align: baseline; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
thead th:not(:first-child):not(:last-child) { text-align: right; }
figure { margin: 0; } figcaption { font-size: .85rem; } figcaption b { color: var(--ink); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1.2rem 2rem;
  align-items: end; }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem; }
img, svg { width: 100%; display: block; }
svg text { fill: var(--soft); font-size: 12px; } svg line { stroke: var(--rule); }
path { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.test { stroke: var(--test); } .reference { stroke: var(--reference); stroke-dasharray: 5 4; }
circle { fill: var(--test); }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body>
<h1>{title}</h1><dl>{facts}</dl>
<h2>Summary</h2><table><thead><tr><th>figure</th><th>mean</th><th>worst</th><th>frame</th>
<th>reference</th><th></th></tr></thead><tbody>{summary}</tbody></table>
{charts}
<h2>Worst frames by FLIP</h2>
<p>The difference is test minus reference, {gain} times enlarged, around grey.</p>
{worst}
</body></html>
"""
