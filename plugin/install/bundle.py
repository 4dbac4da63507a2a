"""The bundle in its place: built, told of nodes and colour spaces, and marked as ours with its hosts."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import interneg
from interneg.errors import OutputError
from interneg.nodes import NODES
from interneg.plugin.ofx import nodes
from interneg.plugin.ofx.build import BUNDLE, build

_MARK = "installed.json"
_PACKAGES = Path(__file__).parents[1]
RESOLVE = ("interneg_status", "interneg_submit")
"""The scripts for Resolve's menu."""

_SCRIPTS = ("nuke/init.py", "nuke/menu.py", *(f"resolve/{name}.py" for name in RESOLVE))


@dataclass(frozen=True)
class Installed:
    """What was installed in a folder.

    hosts: for which. created: the files and folders outside the bundle that had to be made.
    """

    hosts: tuple[str, ...] = ()
    created: tuple[str, ...] = ()


def path(folder: Path) -> Path:
    """The bundle in a folder."""
    return folder / BUNDLE


def resources(folder: Path) -> Path:
    """Where the files of the bundle in a folder lie."""
    return path(folder) / "Contents" / "Resources"


def installed(folder: Path) -> Installed | None:
    """What was installed in a folder before, None for nothing.

    Raises OutputError where a bundle of our name lies there that we did not put there.
    """
    if not path(folder).exists():
        return None
    try:
        facts = json.loads((resources(folder) / _MARK).read_text(encoding="utf-8"))
        return Installed(tuple(facts["hosts"]), tuple(facts["created"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise OutputError(
            f"{path(folder)} is there and was not put there by interneg install: move it away, or choose "
            "another folder with --dest"
        ) from None


def put(folder: Path, config: str, spaces: Iterable[str], facts: Installed) -> None:
    """Build the bundle and put it into a folder, in place of one of ours.

    It shows the nodes that are installed now, those of other people's packages too. spaces: names and roles
    of colour spaces, for the menu of the nodes. config: the OCIO configuration that has them, an absolute
    path or an `ocio://` name, empty for the one that is in force where none is named. Raises OutputError
    where nothing can be written there, UsageError where there is no compiler, KnobError for a node that no
    host can show.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".interneg-") as fresh:
            made = build(Path(fresh))
            inside = resources(Path(fresh))
            nodes.write(inside, NODES.values())
            _write(inside / "spaces.json", {"config": config, "spaces": list(spaces)})
            for script in _SCRIPTS:
                (inside / script).parent.mkdir(exist_ok=True)
                shutil.copyfile(_PACKAGES / script, inside / script)
            mark(Path(fresh), facts)
            if path(folder).exists():
                path(folder).rename(Path(fresh) / "before")
            made.rename(path(folder))
    except OSError as error:
        raise OutputError(
            f"the bundle cannot be written to {folder} ({error.strerror or error}): choose another folder "
            "with --dest, or ask for the right to write there"
        ) from error


def mark(folder: Path, facts: Installed) -> None:
    """Write down what the bundle in a folder is for. Raises OutputError."""
    content = {"version": interneg.__version__, "hosts": facts.hosts, "created": facts.created}
    try:
        _write(resources(folder) / _MARK, content)
    except OSError as error:
        raise OutputError(f"{resources(folder)} cannot be written: {error.strerror}") from error


def python(folder: Path) -> str:
    """The Python that the bundle in a folder renders with."""
    command: list[str] = json.loads((resources(folder) / "worker.json").read_text(encoding="utf-8"))[
        "command"
    ]
    return command[0]


def version(folder: Path) -> str:
    """The Interneg that made the bundle in a folder."""
    facts = json.loads((resources(folder) / _MARK).read_text(encoding="utf-8"))
    return str(facts["version"])


def remove(folder: Path) -> None:
    """Take the bundle out of a folder. Raises OutputError."""
    try:
        shutil.rmtree(path(folder))
    except OSError as error:
        raise OutputError(f"{path(folder)} cannot be removed: {error}") from error


def _write(file: Path, facts: Mapping[str, object]) -> None:
    file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
