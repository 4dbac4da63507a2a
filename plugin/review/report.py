"""The page for review, put together."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import interneg
from interneg.defects.listing import require
from interneg.errors import InputError
from interneg.grain.spectrum import RINGS, frequencies
from interneg.io import format_frames
from interneg.plugin.page.curves import curve
from interneg.plugin.page.document import data_block, document
from interneg.plugin.page.viewer import ViewedFrame, viewer
from interneg.plugin.review.frames import BLOCK, FrameFigures, most_changed
from interneg.publish import replacing

_LISTED = 200
"""Frames in the table; the curves show all."""

_LOWEST = 3
"""The first ring of a spectrum that is shown."""

_MOST = 12
"""Frames that are named for their dirt."""


def write_page(
    path: Path,
    title: str,
    facts: Mapping[str, str],
    found: Sequence[FrameFigures],
    shown: Sequence[ViewedFrame],
    size: tuple[int, int],
    enlarged: float,
    made: str,
    further_curves: str = "",
    defects: Mapping[str, Any] | None = None,
    rate: float = 24.0,
) -> None:
    """Write the page. facts: what was compared. made, further_curves: HTML. defects: see `defects_of`.
    rate: frames of the clip per second.

    Raises OutputError.
    """
    worst = [f.number for f in most_changed(found)]
    there = {s.number for s in shown}
    # In the time that they have in the shot, though the page may have every second only.
    played = rate * len(shown) / len(found)
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    body = (
        f"<dl>{rows}</dl>"
        + viewer(shown, [n for n in worst if n in there], size, enlarged, defects is not None, rate=played)
        + (_defects(defects, there) if defects is not None else "")
        + f"<h2>Over time</h2><div class=charts>{_curves(found)}{further_curves}</div>"
        + f"<h2>The most changed frames first</h2>{_table(found, there)}"
        + f"<h2>How it was made</h2>{made}"
        + f'<p class="help">Pictures are JPEG, as a screen shows them in sRGB, and no longer exact; '
        f"the figures are of the frames themselves. Page by Interneg {escape(interneg.__version__)}.</p>"
    )
    scripts = [*(["defects"] if defects is not None else []), "viewer", "play"]
    with replacing(path) as temporary:
        temporary.write_text(document(title, body, scripts), encoding="utf-8")


def defects_of(file: Path, numbers: Sequence[int], offset: tuple[int, int]) -> dict[str, Any]:
    """A list of defects for the page. offset: of the picture in its display window. Raises InputError."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    require(content, str(file), numbers)
    return {"name": file.name, "list": json.loads(content), "offset": offset}


def file_in(analysis: Path, node: str) -> Path | None:
    """The file of the first such node in the folder of an analysis. Raises InputError for no folder."""
    if not analysis.is_dir():
        raise InputError(f"{analysis} is no folder of an analysis, as `interneg analyse` makes it")
    path = analysis / f"{node}.json"
    return path if path.exists() else None


def path_curves(file: Path, numbers: Sequence[int]) -> str:
    """The corrections of a path file over these frames as curves. Raises InputError."""
    units = {"dx": "; pixels", "dy": "; pixels", "rotation": "; degrees", "scale": ""}
    lines = _corrections(file, numbers, tuple(units), "path")
    return "".join(
        curve(f"path, {what}", f"what each frame is moved by{units[what]}", numbers, {"test": values})
        for what, values in lines.items()
    )


def exposure_curve(file: Path, numbers: Sequence[int]) -> str:
    """The corrections of a file of exposures over these frames as a curve. Raises InputError."""
    (values,) = _corrections(file, numbers, ("exposure",), "exposures").values()
    return curve("exposure", "by how many stops each frame is made brighter", numbers, {"test": values})


def _corrections(
    file: Path, numbers: Sequence[int], names: Sequence[str], what: str
) -> Mapping[str, list[float]]:
    """Values of the corrections in a file of an analysis, NaN for frames that it lacks. Raises InputError."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        frames = {int(n): f["correction"] for n, f in data["frames"].items()}
        found = {
            name: [float(frames[n][name]) if n in frames else math.nan for n in numbers] for name in names
        }
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise InputError(f"{file} is no file of {what} as `interneg analyse` writes it: {error}") from error
    if any(math.isinf(value) for values in found.values() for value in values):
        raise InputError(f"{file} is no file of {what} as `interneg analyse` writes it: a value is infinite")
    return found


def seconds_curve(numbers: Sequence[int], seconds: Sequence[float | None]) -> str:
    """The time that each frame took to render, None where nothing says it, as a curve."""
    known = [s for s in seconds if s is not None]
    if not known:
        return ""
    return curve(
        "time per frame",
        f"seconds of rendering, half of the frames under {median(known):.3g}; several frames are in work at "
        "once, and the first ones wait for all that their neighbours need",
        numbers,
        {"test": [math.nan if s is None else s for s in seconds]},
    )


def _curves(found: Sequence[FrameFigures]) -> str:
    numbers = [f.number for f in found]
    both = "dashed before"
    largest = max(found, key=lambda f: f.change).number

    def changes(levels: Sequence[float]) -> list[float]:
        return [math.nan, *(abs(b - a) for a, b in pairwise(levels))]

    before, after = [f.before for f in found], [f.after for f in found]
    return (
        curve(
            "mean level",
            f"of luma on the screen, 0 to 1; {both}",
            numbers,
            {"reference": before, "test": after},
        )
        + curve(
            "flicker",
            f"change of the mean level since the frame before; {both}",
            numbers,
            {"reference": changes(before), "test": changes(after)},
        )
        + _noise(found, both)
        + curve("difference", "mean, of luma", numbers, {"test": [f.difference for f in found]})
        + curve(
            "largest change",
            f"mean difference of the {BLOCK}x{BLOCK} block that changed most",
            numbers,
            {"test": [f.change for f in found]},
            largest,
        )
        + _spectrum(found)
    )


def _noise(found: Sequence[FrameFigures], both: str) -> str:
    """The noise over the frames; a sentence where there is none that could be drawn."""
    before, after = [f.noise_before for f in found], [f.noise_after for f in found]
    if not any(before + after):
        return (
            "<figure><figcaption><b>noise</b> none in any frame, before or after: compressed footage reads "
            "as free of it; see the spectrum</figcaption></figure>"
        )
    note = f"standard deviation in luma, mean over its levels; {both}"
    return curve("noise", note, [f.number for f in found], {"reference": before, "test": after})


def _spectrum(found: Sequence[FrameFigures]) -> str:
    """The texture of the flattest places, mean over the frames."""
    spectra = [f.spectra for f in found if f.spectra is not None]
    if not spectra:
        return ""
    power = np.mean(spectra, axis=0) * 255**2
    # Below some cycles in a block there is the picture's own shading.
    rings = range(_LOWEST, RINGS)
    before, after = (10 * np.log10(np.maximum(p[_LOWEST:], 1e-4)) for p in power)
    ends = tuple(f"{v:.2f}" for v in frequencies()[[_LOWEST, -1]])
    return curve(
        "grain spectrum",
        "power in the flattest tenth of 64x64 blocks, dB over one code of 8 bits, by cycles per pixel; "
        "dashed before",
        rings,
        {"reference": before.tolist(), "test": after.tolist()},
        ends=(ends[0], ends[1]),
    )


def _table(found: Sequence[FrameFigures], there: set[int]) -> str:
    heads = ("frame", f"change of one {BLOCK}x{BLOCK} block", "difference", "level before", "after",
             "noise before", "after")  # fmt: skip
    rows = []
    for f in most_changed(found)[:_LISTED]:
        name = (
            f'<button type="button" class="link" data-frame="{f.number}">{f.number}</button>'
            if f.number in there
            else str(f.number)
        )
        values = (f.change, f.difference, f.before, f.after, f.noise_before, f.noise_after)
        cells = "".join(f"<td class=n>{'–' if math.isnan(v) else f'{v:.4f}'}</td>" for v in values)
        rows.append(f"<tr><th scope=row>{name}</th>{cells}</tr>")
    missing = [f.number for f in found if f.number not in there]
    note = (
        f"<p>Left out of the pictures, to keep the page small: {format_frames(missing)}.</p>"
        if missing
        else ""
    )
    head = "".join(f"<th scope=col>{escape(h)}</th>" for h in heads)
    table = f"<table class=figures><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<div class="scroll">{table}</div>{note}'


def _defects(defects: Mapping[str, Any], there: set[int]) -> str:
    counts = {int(n): len(pieces) for n, pieces in defects["list"]["dirt"].items()}
    most = sorted((n for n in there if counts.get(n)), key=lambda n: (-counts[n], n))[:_MOST]
    links = ", ".join(
        f'<button type="button" class="link" data-frame="{n}">{n}</button> ({counts[n]})' for n in most
    )
    return (
        '<section aria-labelledby="defects-title"><h2 id="defects-title">Defects of this frame</h2>'
        + (f"<p>Most dirt: {links}</p>" if most else "")
        + "<p>Ticked is repaired. Untick what is none, then take the list back: the knob "
        '<b>defects_list</b> of scratch-inpaint reads it.</p><ul id="defect-rows"></ul>'
        '<p><button type="button" id="reject-all">Reject all of this frame</button> '
        '<button type="button" id="accept-all">Accept all of this frame</button></p>'
        '<p><span id="defect-count" aria-live="polite"></span> '
        f'<button type="button" id="take-back">Take {escape(defects["name"])} back</button></p></section>'
        f"{data_block('defects-list', defects)}"
    )
