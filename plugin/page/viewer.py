"""The viewer of a page: before and after under a wipe, frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from interneg.plugin.page.document import data_block

KEYS = (
    ("← →", "frame"),
    ("Home End", "first and last"),
    (", .", "wipe"),
    ("b", "before, while held"),
    ("d", "difference"),
    ("o", "mattes on and off"),
    ("+ −", "zoom"),
    ("0 1 4", "fit, 1:1, 4:1"),
)


@dataclass(frozen=True)
class ViewedFrame:
    """A frame in the viewer.

    before, after: data URIs, of the size of the picture where `full`, else reduced. overlays: mattes by name,
    likewise. thumbnail: of after. says: its figures, in a sentence.
    """

    number: int
    before: str
    after: str
    thumbnail: str
    full: bool
    says: str
    overlays: Mapping[str, str] = field(default_factory=dict)


def viewer(
    frames: Sequence[ViewedFrame],
    worst: Sequence[int],
    size: tuple[int, int],
    enlarged: float = 1.0,
    boxes: bool = False,
    ranked: str = "most changed",
    rate: float | None = None,
) -> str:
    """The viewer as HTML; the page needs the script "viewer", and "play" where there is a rate.

    worst: numbers of these frames, the most changed first. size: (W, H) of the picture after. enlarged: how
    many times as large as the input that is. boxes: whether there is a list of defects, whose script comes
    first. ranked: what the first of `worst` are, "most changed". rate: frames per second when they are
    played, None where they are no sequence.
    """
    names = list(dict.fromkeys(name for frame in frames for name in frame.overlays))
    data = {
        "frames": [
            {"number": f.number, "before": f.before, "after": f.after, "full": f.full, "says": f.says,
             "overlays": f.overlays}
            for f in frames
        ],
        "worst": list(worst),
        "size": size,
        "enlarged": enlarged,
        "ranked": ranked,
        "rate": rate,
    }  # fmt: skip
    mattes = "".join(
        f'<label><input type="checkbox" data-layer="{escape(name)}"> {escape(name)}</label>' for name in names
    )
    if boxes:
        mattes += (
            '<label><input type="checkbox" id="boxes" checked> boxes of defects, as in the input</label>'
        )
    strip = "".join(
        f'<button type="button" data-frame="{f.number}"><img src="{f.thumbnail}" alt="">{f.number}</button>'
        for f in frames
    )
    picked = " Click a box to reject or accept what it marks." if boxes else ""
    playing = [] if rate is None else [("space", "play and stop")]
    further = (*playing, ("n", f"next of the {ranked}"), *([("x", "boxes on and off")] if boxes else []))
    play = "" if rate is None else '<button type="button" id="play">Play</button>'
    keys = " ".join(f"<kbd>{escape(key)}</kbd> {escape(what)}" for key, what in (*KEYS, *further))
    zooms = "".join(
        f'<option value="{value:g}">{name}</option>'
        for value, name in (
            (0, "fit"), (0.5, "1:2"), (1, "1:1"), (2, "2:1"), (4, "4:1"), (8, "8:1"), (16, "16:1"),
        )
    )  # fmt: skip
    return (
        '<section aria-label="Viewer"><div class="tools">'
        f"{play}"
        '<label>Frame <input type="range" id="frame" min="0" value="0" step="1"></label>'
        '<label>Wipe <input type="range" id="wipe" min="0" max="100" value="50" step="0.5"></label>'
        '<label>Show <select id="mode"><option value="wipe">wipe</option>'
        '<option value="before">before</option><option value="after">after</option>'
        '<option value="difference">difference, 8 times</option></select></label>'
        f'<label>Zoom <select id="zoom">{zooms}<option value="" hidden></option></select></label>'
        f"{mattes}</div>"
        '<canvas id="picture" role="img" tabindex="0" aria-label="Before and after"></canvas>'
        '<p id="told" aria-live="polite"></p>'
        f'<div class="strip" role="group" aria-label="Frames">{strip}</div>'
        f'<p class="help">Drag the wipe; zoomed in, drag the picture.{picked} Keys: {keys}</p></section>'
        f"{data_block('shot', data)}"
    )
