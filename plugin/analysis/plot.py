"""An analysis drawn: what each node found over the shot, and what it leaves, as PNG or SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from interneg.analysis import Trace

_BEFORE, _AFTER = "#b0413e", "#2c5fa8"


def plot(traces: Mapping[str, Sequence[Trace]], cuts: Sequence[int], kind: str) -> bytes:
    """The content of the file. traces: of each node by its name. cuts: first frames of shots. kind: "png" or
    "svg".

    Each trace has axes of its own, one below the other over the same frames; cuts are thin lines. Where the
    node leaves something else, what was found is red and what is left is blue.
    """
    from matplotlib.figure import Figure

    rows = [(name, trace) for name, all_of in traces.items() for trace in all_of]
    figure = Figure(figsize=(10, 0.6 + 1.7 * max(1, len(rows))), layout="constrained")
    if not rows:
        figure.text(0.5, 0.5, "These nodes have nothing to draw over a shot", ha="center")
        return _content(figure, kind)
    found = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
    above = ""
    for axes, (name, trace) in zip(found, rows, strict=True):
        _draw(axes, trace.before, cuts, _BEFORE if trace.after is not None else "#444444", "measured")
        if trace.after is not None:
            _draw(axes, trace.after, cuts, _AFTER, "solved")
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize="small", frameon=False)
        axes.set_ylabel(f"{trace.label},\n{trace.unit}", fontsize="small")
        axes.ticklabel_format(axis="y", useOffset=False)
        if name != above:
            axes.set_title(name, loc="left", fontweight="bold")
        above = name
        axes.grid(alpha=0.3)
        for cut in cuts[1:]:
            axes.axvline(cut - 0.5, color="#888888", linewidth=0.8)
    found[-1].set_xlabel("frame")
    frames = [n for _, trace in rows for n in trace.before]
    found[-1].set_xlim(min(frames) - 0.5, max(frames) + 0.5)
    found[-1].xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    return _content(figure, kind)


def _draw(axes: Any, values: Mapping[int, float], cuts: Sequence[int], colour: str, label: str) -> None:
    """A line through each shot, none across a cut."""
    ends = [min(values), *(c for c in cuts if min(values) < c <= max(values)), max(values) + 1]
    for first, last in pairwise(ends):
        frames = [n for n in sorted(values) if first <= n < last]
        look = {"color": colour, "label": label, "linewidth": 1.2, "marker": "." if len(frames) < 2 else ""}
        axes.plot(frames, [values[n] for n in frames], **look)
        label = "_"


def _content(figure: Any, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=110)
    return buffer.getvalue()
