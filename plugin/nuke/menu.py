"""Nuke's toolbar and menu of Interneg, made from the nodes.json of the bundle that this folder lies in.

Runs in Nuke's own Python (3.9 and later); all work is done by `interneg` in a process of its own.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading
from typing import Any

import nuke

MANAGERS = (
    ("Open Job Description (Deadline Cloud)", "openjd"),
    ("OpenCue", "opencue"),
    ("Deadline 10", "deadline"),
)
"""Render managers: how the menu calls them, and how `interneg submit` does."""

OPTIONS = "--chunk 20"
"""What stands in the field for further options; `interneg submit --help` lists them."""

RESOURCES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What hosts set for themselves, and would break another Python.
_OF_THE_HOST = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH")


def resource(name: str) -> Any:
    """What a JSON file of the bundle holds."""
    with open(os.path.join(RESOURCES, name), encoding="utf-8") as file:
        return json.load(file)


def class_of(node: dict[str, Any]) -> str:
    """The class that Nuke gives a node of nodes.json."""
    return "OFX{}_v{}".format(node["identifier"].lower(), node["version"][0])


def build() -> None:
    """Make the toolbar, a button for each node, and the menu."""
    nodes = resource("nodes.json")["nodes"]
    toolbar = nuke.menu("Nodes").addMenu("Interneg", icon=_icon(nodes[0]))
    for node in nodes:
        toolbar.addCommand(node["label"], f"nuke.createNode({class_of(node)!r})", icon=_icon(node))
    menu = nuke.menu("Nuke").addMenu("Interneg")
    menu.addCommand("Render on farm...", render_on_farm)
    menu.addCommand("Submit to farm...", submit_to_farm)
    menu.addCommand("Engine status", engine_status)


def _icon(node: dict[str, Any]) -> str:
    return os.path.join(RESOURCES, node["icon"])


def command(*arguments: str) -> list[str]:
    """An `interneg` command line, by the Python that installed the plugin."""
    return [resource("worker.json")["command"][0], "-I", "-m", "interneg.plugin.cli", *arguments]


def render_on_farm() -> None:
    """Save a copy of the script, and tell the command that renders the selected node from it, or run that.

    Any machine that sees the files can run the command; it needs Interneg, and no Nuke.
    """
    found = _copy_for_farm()
    if found is None:
        return
    copy, node, options = found
    line = ["render", copy, *options]
    text = shlex.join(["interneg", *line])
    print(text)
    if nuke.ask(f"Any machine with Interneg renders {node} by this command:\n\n{text}\n\nRun it here?"):
        start(command(*line), f"{copy}.log")


def submit_to_farm() -> threading.Thread | None:
    """Save a copy of the script, and send the render of the selected node to a farm by `interneg submit`.

    That takes some seconds, and Nuke goes on meanwhile; then what the farm answered is shown.
    """
    chosen = nuke.choice("Submit to farm", "Render manager", [label for label, _ in MANAGERS])
    if chosen is None:
        return None
    found = _copy_for_farm()
    if found is None:
        return None
    copy, _, options = found
    further = nuke.getInput("Further options of interneg submit", OPTIONS)
    if further is None:
        return None
    try:
        words = shlex.split(further)
    except ValueError as error:
        nuke.message(f"'{further}' are no options: {error}")
        return None
    line = command("submit", MANAGERS[chosen][1], copy, *options, *words)
    thread = threading.Thread(target=_tell, args=(line,), name="Interneg submit", daemon=True)
    thread.start()
    return thread


def _copy_for_farm() -> tuple[str, str, list[str]] | None:
    """A copy of the script, the selected node, and the options that render it; None, once it is said why."""
    known = {class_of(node) for node in resource("nodes.json")["nodes"]}
    chosen = [node for node in nuke.selectedNodes() if node.Class() in known]
    if len(chosen) != 1:
        nuke.message("Select one node of Interneg: what it shows is rendered.")
        return None
    script = nuke.root().name()
    if not os.path.isabs(script):
        nuke.message("Save the script first: its copy for the farm goes beside it.")
        return None
    root = nuke.root()
    frames = nuke.getInput("Frames to render", f"{root.firstFrame()}-{root.lastFrame()}")
    if not frames:
        return None
    node = chosen[0].fullName()
    copy = "{}.{}.farm.nk".format(os.path.splitext(script)[0], node.replace(".", "_"))
    try:
        nuke.scriptSaveToTemp(copy)
    except (OSError, RuntimeError) as error:
        nuke.message(f"The copy for the farm cannot be written: {error}\n{copy}\nSave the script elsewhere.")
        return None
    return copy, node, ["--node", node, "--frames", frames, *_colours()]


def _colours() -> list[str]:
    """The option for the OCIO configuration of $OCIO, which Nuke prefers to that of the script."""
    config = os.environ.get("OCIO", "")
    if not config:
        return []
    return ["--ocio-config", config if "://" in config else os.path.abspath(config)]


def start(line: list[str], log: str) -> None:
    """Run a command line on its own: it outlives Nuke. Its output goes to a file."""
    try:
        with open(log, "wb") as output:
            subprocess.Popen(
                line,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,
            )
    except OSError as error:
        nuke.message(f"Interneg did not start: {error}. Run `interneg install nuke` anew.")
        return
    nuke.message(f"Rendering; the progress is in\n{log}")


def engine_status() -> threading.Thread:
    """Show what `interneg doctor` says, once it has; that takes some seconds, and Nuke goes on meanwhile."""
    line = command("doctor")
    thread = threading.Thread(target=_tell, args=(line,), name="Interneg engine status", daemon=True)
    thread.start()
    return thread


def _tell(line: list[str]) -> None:
    """Run a command line, and show what it prints."""
    try:
        done = subprocess.run(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**_environment(), "COLUMNS": "120"},
            timeout=600,
            check=False,
        )
        message = done.stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"Interneg does not answer: {error}. Run `interneg install nuke` anew."
    print(message)
    nuke.executeInMainThread(nuke.message, (message,))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_THE_HOST}


build()
