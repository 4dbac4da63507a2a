"""What the folder of an analysis holds, in its analysis.json: frames, cuts, and how each node was solved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from interneg.by_frame import number_of, once
from interneg.errors import InputError, near
from interneg.io import format_frames
from interneg.publish import replacing

NAME = "analysis.json"
FORMAT = "interneg analysis 1"

MEASURED = "measured"
"""The folder of what was measured, in that of the analysis."""

_REMOVED = (
    "Or remove it and analyse again: that measures nothing twice, and cuts and events that were written into "
    "it are to be written anew"
)
_KIND = "interneg analysis "


class Solved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A solution: its file, what was written to it (SHA-256), what the files of the nodes before it said then
    (see `steps.followed`), the nodes that it was made with, the last one being its own, the hash of each
    frame, the first frames of the shots, a hash of each further input that the nodes before it look at, and
    a person's word on its events.
    """

    file: str
    written: str
    behind: dict[str, str]
    nodes: list[dict[str, Any]]
    frames: dict[int, str]
    cuts: list[int]
    inputs: dict[str, str]
    events: dict[int, bool] = {}

    def changed(self, now: Mapping[str, str]) -> str:
        """Which nodes before it have other files by now, in words; empty where none has.

        now: as `behind`.
        """
        names = [name for name, found in self.behind.items() if now.get(name) != found]
        return f"the file of {' and '.join(names)} was changed" if names else ""

    def is_edited(self, folder: Path) -> bool:
        """Whether the file is there and is not what was written."""
        path = folder / self.file
        return path.exists() and digest(path.read_bytes()) != self.written


class AnalysisManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An analysis: of which clip, in which colour, and all that was solved.

    space: the input space that was asked for, "" for what the files say. colour: the identity of the colour
    configuration. cuts: the first frames of the shots, for a person to change; found: those that were found.
    given: whether they were given, with --cuts. events: for a person to fill in, by the name of a node and
    the number of a frame, whether it is an event, whatever was found.
    """

    format: str
    input: str
    space: str
    colour: str
    cuts: list[int]
    events: dict[str, dict[int, bool]] = {}
    found: list[int]
    given: bool
    solved: dict[str, Solved]

    @property
    def own_cuts(self) -> Sequence[int] | None:
        """The cuts, where a person has given or changed them."""
        return self.cuts if self.given or self.cuts != self.found else None

    def events_of(self, name: str) -> dict[int, bool]:
        """What a person has written of the events of a node."""
        return self.events.get(name, {})

    def require_events(self, telling: Mapping[str, Collection[int]], folder: Path) -> None:
        """Raise InputError where "events" names other nodes or frames than these.

        telling: the frames of each node that tells events, by its name. folder: that the manifest is in.
        """
        for name, events in self.events.items():
            if name not in telling:
                able = ", ".join(telling) or "none of this recipe"
                raise InputError(
                    f"{folder / NAME}: \"events\" names '{name}'{near(name, telling)}; nodes that tell "
                    f"events: {able}"
                )
            if unknown := [n for n in events if n not in telling[name]]:
                raise InputError(
                    f'{folder / NAME}: "events" of {name} names frames {format_frames(unknown)}, which the '
                    f"analysis has not, it has {format_frames(telling[name])}: take them out"
                )

    def require_cuts(self, first: int, last: int, folder: Path) -> None:
        """Raise InputError where "cuts" names frames that never were in the clip.

        first, last: of the clip's frames. Those that were there when it was solved may be gone by now.
        """
        if unknown := sorted({n for n in self.cuts if not first <= n <= last}.difference(self.known)):
            raise InputError(
                f'{folder / NAME}: "cuts" names frames {format_frames(unknown)}, and the clip has '
                f"{first}-{last}: name the first frame of each shot, as the picture's file is numbered"
            )

    def cuts_left(self, first: int) -> list[int]:
        """The cuts, without those before the clip's first frame, which begins a shot then."""
        kept = [n for n in self.cuts if n >= first]
        return kept if len(kept) == len(self.cuts) else sorted({first, *kept})

    @property
    def known(self) -> list[int]:
        """The frames that the cuts tell of."""
        return sorted({n for solution in self.solved.values() for n in solution.frames})


def read(folder: Path) -> AnalysisManifest | None:
    """The manifest of a folder, None where it has none.

    Raises InputError for one that cannot be read, was damaged, or was made by a later version.
    """
    path = folder / NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise InputError(f"{folder} is a file: name the folder of the analysis that it is in") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    try:
        said = json.loads(content, object_pairs_hook=once)
        found = str(said["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is no analysis as `interneg analyse` writes it, or was cut off ({_reason(error)}): mend "
            f"it. {_REMOVED}"
        ) from error
    if found != FORMAT:
        later = found.startswith(_KIND) and found[len(_KIND) :].isdigit()
        advice = (
            ": another version of Interneg wrote it; use that one, or name another folder for `interneg "
            "analyse`"
        ) * later
        raise InputError(f"{path} is of the format '{found}', expected '{FORMAT}'{advice}")
    _require_events(said.get("events", {}), path)
    try:
        return msgspec.json.decode(content, type=AnalysisManifest)
    except msgspec.MsgspecError as error:
        raise InputError(
            f"{path} was changed into what is no analysis: {error}. Change it back. {_REMOVED}"
        ) from error


def write(folder: Path, manifest: AnalysisManifest) -> None:
    """Write the manifest, a frame to a line. Raises OutputError."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with replacing(folder / NAME) as temporary:
        temporary.write_bytes(content + b"\n")


def digest(content: bytes) -> str:
    """SHA-256, as hex digits."""
    return hashlib.sha256(content).hexdigest()


def _require_events(said: Any, path: Path) -> None:
    """Raise InputError where "events", which is for a person to fill in, is not what is expected there."""
    if not isinstance(said, dict) or not all(isinstance(events, dict) for events in said.values()):
        raise InputError(
            f'{path}: expected "events" by node and frame, as {{"deflicker": {{"1016": true}}}}, not '
            f"{json.dumps(said):.60}"
        )
    for name, events in said.items():
        for number, event in events.items():
            if number_of(number) is None or not isinstance(event, bool):
                raise InputError(
                    f'{path}: expected "events" of {name} to be numbers of frames with true or false, as '
                    f'"1016": true, not "{number}": {json.dumps(event):.40}'
                )


def _reason(error: Exception) -> str:
    return "it has no format" if isinstance(error, KeyError) else str(error)
