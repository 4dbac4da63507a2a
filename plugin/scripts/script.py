"""A script, and the ways through it: from a node to the Read before it, the Write behind it, its mask."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from interneg.colour import Colour
from interneg.errors import RecipeError, UsageError, near
from interneg.node import Node
from interneg.plugin.scripts import natron_project, nuke_script
from interneg.plugin.scripts.hostfile import HostFile, HostNode
from interneg.plugin.scripts.placed import is_on, is_ours, text_of, uses_mask

PARSERS = {".nk": nuke_script.read, ".ntp": natron_project.read}
"""What reads a script, by its extension."""

READS = ("Read", "fr.inria.built-in.Read", "fr.inria.openfx.ReadOIIO")
"""Nodes that read a file."""

_WRITES = ("Write", "fr.inria.built-in.Write", "fr.inria.openfx.WriteOIIO")
_THROUGH = ("Dot", "NoOp", "fr.inria.built-in.Dot", "net.sf.openfx.NoOpPlugin")
"""Nodes that hand their input on."""


class Script:
    """A script, and the ways through it."""

    def __init__(self, path: Path) -> None:
        """Read it. Raises RecipeError."""
        self.parsed = _read(path)
        self._folder = path.absolute().parent

    def chain(self, name: str | None) -> tuple[list[HostNode], HostNode | None]:
        """The named node and the nodes of Interneg before it, first to last; and where they begin."""
        chain = [self._named(name)]
        while (source := self._clip(chain[0], "Source")) is not None and is_ours(source):
            if source in chain:
                raise RecipeError(f"{source.name} is its own input")
            chain.insert(0, source)
        return chain, source

    def _named(self, name: str | None) -> HostNode:
        nodes = self.parsed.nodes.values()
        ours = [n.name for n in nodes if is_ours(n)]
        listed = f"the nodes of Interneg in it: {', '.join(ours) or 'none'}"
        if name is None:
            raise UsageError(f"say with --node which node of the script to render; {listed}")
        found = [n for n in nodes if n.name == name]
        found = found or [n for n in nodes if n.name.rpartition(".")[2] == name]
        if not found:
            raise UsageError(f"there is no node '{name}'{near(name, ours)}; {listed}")
        if len(found) > 1:
            names = ", ".join(n.name for n in found)
            raise UsageError(f"there are several nodes '{name}': give --node one of {names}")
        if not is_ours(found[0]):
            raise UsageError(f"{found[0].label} is no node of Interneg; {listed}")
        if _disabled(found[0]):
            raise UsageError(f"{name} is disabled: enable it, or render nothing")
        return found[0]

    def _clip(self, node: HostNode, clip: str) -> HostNode | None:
        """The node that a clip of a node comes from, past those that only hand it on."""
        masked = "mask" in node.inputs  # masks that are told apart come last, without a number
        further = ("1",) if masked else ("2",) if is_on(node, "use_mask") else ("2", "1")
        numbers = {"Source": ("0",), "Mask": ("mask" if masked else "1",)}.get(clip, further)
        found = self._at(node, clip, *numbers)
        for _ in self.parsed.nodes:
            if found is None:
                return None
            if found.kind == "Input":  # of a group: what is connected to that
                group = self.parsed.nodes.get(found.name.rpartition(".")[0])
                found = self._at(group, text_of(found, "number") or "0") if group else None
            elif found.kind in _THROUGH or _disabled(found):
                found = self._at(found, "Source", "0")
            else:
                return found
        raise RecipeError(f"the input of {node.name} goes round in a circle")

    def _at(self, node: HostNode, *names: str) -> HostNode | None:
        """What is connected to the first of these inputs that the node has."""
        name = next((node.inputs[n] for n in names if n in node.inputs), None)
        return None if name is None else self.parsed.nodes.get(name)

    def read(self, source: HostNode | None, node: HostNode, give: str) -> HostNode:
        """The Read that a node gets a picture from. give: what to give where it is none."""
        if source is None:
            raise UsageError(f"nothing is connected to {node.name}: give {give}")
        if source.kind not in READS:
            raise UsageError(
                f"{node.name} gets its picture from {source.label}, which only its host renders: write "
                f"that out there, and give it as {give}"
            )
        shift = "frame" if source.kind == "Read" else "timeOffset"
        if source.settings.get(shift, "") not in ("", "0"):
            raise UsageError(f"{source.name} shifts its frames in time: give {give}, and --frames")
        return source

    def write(self, node: HostNode) -> HostNode:
        """The one Write that takes the picture of a node as it is."""
        writes = [
            n
            for n in self.parsed.nodes.values()
            if n.kind in _WRITES and not _disabled(n) and self._clip(n, "Source") is node
        ]
        if not writes:
            raise UsageError(f"no Write takes {node.name} as it is: give INPUT and OUTPUT")
        if len(writes) > 1:
            names = ", ".join(n.name for n in writes)
            raise UsageError(f"several Writes take {node.name}, {names}: give INPUT and OUTPUT")
        return writes[0]

    def file(self, node: HostNode, give: str) -> str:
        """The file of a Read or Write; a relative one starts from the project's folder, else the script's."""
        text = text_of(node, "file") or text_of(node, "filename").replace("[Project]", str(self._folder))
        return self.path(text, f"the file of {node.name}", give)

    def path(self, text: str, what: str, give: str) -> str:
        """A path of the script as an absolute one. what: it is, for messages. give: what to give instead."""
        start = "" if "script_directory" in self.parsed.folder else self.parsed.folder
        if not text or re.search(r"\[|%[vV]", text) or ("[" in start and not Path(text).is_absolute()):
            raise UsageError(f"{what} is '{text}', which only its host can tell: give {give}")
        return str(self._folder / start / text)

    def colours(self, colour: Colour) -> str:
        """Whose colours they are, where the script names a configuration."""
        named = self.parsed.host_config
        if not named and not self.parsed.config:
            return ""
        return f", in the colours of {colour.name}" + (f", not of the script's {named}" if named else "")

    def inputs(
        self, chain: Sequence[HostNode], nodes: Sequence[Node], given: Collection[str]
    ) -> Mapping[str, str]:
        """The masks, mattes and reference plates that are connected, but those given otherwise.

        One for all nodes. chain, nodes: the same ones, in the script and as they render.
        """
        found = {}
        for name in (n for n in ("mask", "matte", "reference") if n not in given):
            option, files = f"--{name}", {}
            for node, made in zip(chain, nodes, strict=True):
                has = {"matte": made.uses_matte, "reference": made.uses_reference}
                used = has[name] if name in has else uses_mask(node)
                source = self._clip(node, name.title()) if used else None
                files[node.name] = self.file(self.read(source, node, option), option) if source else ""
            clips = set(files.values())
            if len(clips if name == "mask" else clips - {""}) > 1:
                listed = ", ".join(f"{node} {file or 'none'}" for node, file in files.items())
                raise RecipeError(
                    f"the nodes differ in their {name} ({listed}), and a recipe has one: render them one by "
                    "one, each in a script of its own"
                )
            if any(clips):
                found[name] = max(clips)
        return found


def _read(path: Path) -> HostFile:
    try:
        # Nuke writes notes and names of files as they are, in any encoding.
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise RecipeError(f"the script cannot be read: {error.strerror}") from error
    return PARSERS[path.suffix.casefold()](text)


def _disabled(node: HostNode) -> bool:
    """Whether a node hands its input on. Raises RecipeError where that changes for one of ours."""
    if is_ours(node):
        return is_on(node, "disable") or is_on(node, "disableNode")
    return any(node.settings.get(name) in ("true", "1") for name in ("disable", "disableNode"))
