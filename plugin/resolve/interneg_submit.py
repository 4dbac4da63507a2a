"""Sends the clip under the playhead to a farm by `interneg submit`, from Resolve's Workspace > Scripts.

Runs in Resolve's own Python; `resolve` and `bmd` are what Resolve hands to its scripts.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

_OF_THE_HOST = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH")
_RESOURCES = "Interneg.ofx.bundle/Contents/Resources"
_MANAGERS = (
    ("Open Job Description (Deadline Cloud)", "openjd"),
    ("OpenCue", "opencue"),
    ("Deadline 10", "deadline"),
)
_RECIPE = "deflicker | scratch-inpaint | stabilise | denoise-sr:temporal=1,detail=0.3"

_OPTIONS = "--chunk 20"
"""What stands in the field for further options; `interneg submit --help` lists them."""


def python() -> str | None:
    """The Python that installed the bundle which Resolve loads, None where there is no bundle."""
    named = os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep)
    for folder in [*filter(None, named), "/usr/OFX/Plugins"]:
        worker = Path(folder) / _RESOURCES / "worker.json"
        if worker.is_file():
            return str(json.loads(worker.read_text(encoding="utf-8"))["command"][0])
    return None


def clip_of(item: Any) -> tuple[str, str]:
    """The file or pattern of a timeline item, and its frames as Interneg numbers them, "1001-1100".

    Of a movie frames are counted from 1. Raises ValueError where the item has no file.
    """
    media = item.GetMediaPoolItem()
    path = str(media.GetClipProperty("File Path") or "") if media else ""
    if not path:
        raise ValueError("the clip under the playhead has no file: choose one that was imported")
    first, last = int(item.GetSourceStartFrame()), int(item.GetSourceEndFrame())
    numbered = re.search(r"\[(\d+)-(\d+)\]", path)
    if not numbered:
        return path, f"{first + 1}-{last + 1}"
    start, digits = int(numbered[1]), len(numbered[1])
    return path.replace(numbered[0], f"%0{digits}d"), f"{start + first}-{start + last}"


def output_of(clip: str) -> str:
    """Where the clip is rendered to by default: a sequence of EXR in a folder beside it."""
    path = Path(clip)
    stem = re.sub(r"%0?\d*d", "", path.stem).rstrip("._-") or "clip"
    return str(path.parent / f"{stem}_interneg" / f"{stem}.%04d.exr")


def submit(manager: str, recipe: str, clip: str, output: str, frames: str, options: str = "") -> str:
    """Run `interneg submit`, and return what it says. options: further ones, as on a command line."""
    program = python()
    if program is None:
        return "Interneg is not where Resolve looks: run `interneg install resolve` and do as it says."
    try:
        further = shlex.split(options)
    except ValueError as error:
        return f"'{options}' are no options: {error}"
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_HOST}
    line = [program, "-I", "-m", "interneg.plugin.cli", "submit", manager, recipe, clip, output]
    try:
        done = subprocess.run(
            [*line, "--frames", frames, *further],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=kept,
            timeout=600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"Interneg does not answer: {error}. Run `interneg install resolve` anew."
    return done.stdout.decode("utf-8", "replace")


def window(resolve: Any, bmd: Any) -> None:
    """Ask what to send, and send it."""
    timeline = resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    item = timeline.GetCurrentVideoItem() if timeline else None
    if item is None:
        print("Put the playhead over the clip that is to be rendered.")
        return
    try:
        clip, frames = clip_of(item)
    except ValueError as error:
        print(error)
        return
    ui = resolve.Fusion().UIManager
    shows = bmd.UIDispatcher(ui)
    fields = {"recipe": _RECIPE, "output": output_of(clip), "frames": frames, "options": _OPTIONS}
    rows = [
        ui.HGroup([ui.Label({"Text": name.capitalize()}), ui.LineEdit({"ID": name, "Text": text})])
        for name, text in fields.items()
    ]
    asked = shows.AddWindow(
        {"ID": "InternegSubmit", "WindowTitle": f"Interneg: submit {Path(clip).name}"},
        ui.VGroup([ui.ComboBox({"ID": "manager"}), *rows, ui.Button({"ID": "send", "Text": "Submit"})]),
    )
    items = asked.GetItems()
    items["manager"].AddItems([label for label, _ in _MANAGERS])

    def send(event: Any) -> None:
        manager = _MANAGERS[items["manager"].CurrentIndex][1]
        recipe, output, wanted, options = (str(items[name].Text) for name in fields)
        print(submit(manager, recipe, clip, output, wanted, options))
        shows.ExitLoop()

    asked.On.send.Clicked = send
    asked.On.InternegSubmit.Close = lambda event: shows.ExitLoop()
    asked.Show()
    shows.RunLoop()
    asked.Hide()


if __name__ == "__main__":
    window(globals()["resolve"], globals()["bmd"])
