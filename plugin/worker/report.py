"""A page with one frame before and after a node, to be opened in a browser."""

from __future__ import annotations

import os
import shutil
import tempfile
import webbrowser
from html import escape
from pathlib import Path

import interneg
from interneg.colour import Colour
from interneg.errors import OutputError
from interneg.frame import Frame
from interneg.home import data_folder
from interneg.node import Node
from interneg.plugin.screen import on_screen, png

_KEPT = 10
"""Reports in a folder; older ones go."""


def folder() -> Path:
    """Where the reports of this user lie. Raises OutputError where the user has no home."""
    return data_folder() / "reports"


def opened(page: Path) -> bool:
    """Open a page in the desktop's browser; False where there is no desktop, or none that does it."""
    # Without a display webbrowser would look for a browser that runs in a terminal.
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(display) and webbrowser.open(page.as_uri())


def write_report(folder: Path, node: Node, colour: Colour, before: Frame, after: Frame) -> Path:
    """Write before.png, after.png and index.html into a new folder in `folder`; return the path of the page.

    The pictures are shown in the configuration's sRGB picture space, limited to 0..1, and the smaller one in
    the size of the larger. `folder` is made where it is missing. Raises OutputError where they cannot be
    written.
    """
    made = sorted(folder.glob("report-*"), key=lambda path: path.stat().st_mtime)
    for old in made[: max(0, len(made) - _KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f"report-{node.name}-", dir=folder))
        for name, frame in (("before", before), ("after", after)):
            (place / f"{name}.png").write_bytes(png(on_screen(frame, colour)))
        page = place / "index.html"
        page.write_text(_page(node, after), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"the report cannot be written to {folder}: {error.strerror}") from error
    return page


def _page(node: Node, after: Frame) -> str:
    knobs = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in node.knobs.items())
    return _PAGE.format(
        title=f"{escape(node.label)}, frame {after.number}",
        knobs=knobs,
        version=interneg.__version__,
        width=after.width,
        ratio=after.width / after.height,
    )


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem; font: 15px/1.45 system-ui, sans-serif; }}
h1 {{ font-size: 1.3rem; }}
#pictures {{ position: relative; max-width: {width}px; aspect-ratio: {ratio:.6f}; --at: 50%; }}
#pictures img {{ position: absolute; width: 100%; height: 100%; }}
#pictures img + img {{ clip-path: inset(0 0 0 var(--at)); }}
input {{ width: min(100%, {width}px); }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; }}
dd {{ margin: 0; }}
</style></head><body>
<h1>{title}</h1>
<p>Before on the left, after on the right: move the slider. <a href="before.png">before.png</a>,
<a href="after.png">after.png</a></p>
<div id="pictures"><img src="before.png" alt="before"><img src="after.png" alt="after"></div>
<input type="range" value="50" aria-label="where the two pictures meet"
 oninput="document.getElementById('pictures').style.setProperty('--at', this.value + '%')">
<h2>Knobs</h2><dl>{knobs}<dt>Interneg</dt><dd>{version}</dd></dl>
</body></html>
"""
