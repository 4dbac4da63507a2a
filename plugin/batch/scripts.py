"""Rendering a node of a host's script without the host: what a Nuke script or a Natron project says of it.

The named node is rendered, and before it the nodes of Interneg that it gets its picture through. The Read in
front of them is the input, the Write that takes the result is the output.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from interneg.colour import Colour
from interneg.curve import Curve
from interneg.errors import ColourError, RecipeError, UsageError, near
from interneg.io.formats import is_movie
from interneg.node import Node
from interneg.plugin.batch import natron_project, nuke_script
from interneg.plugin.batch.hostfile import HostFile, HostNode
from interneg.plugin.batch.placed import is_on, is_ours, node_of, text_of
from interneg.recipe import NodeTypes, Recipe

_READERS = {".nk": nuke_script.read, ".ntp": natron_project.read}

_SCENE = "scene_linear"
"""What hosts turn pictures into, and what a node takes its own for where it was not told another space."""

_SPACES = {
    "linear": "lin_rec709_scene",
    "srgb": "srgb_rec709_scene",
    "srgbf": "srgb_rec709_scene",
    "rec709": "ocio:itu709_rec709_scene",
    "gamma1.8": "g18_rec709_scene",
    "gamma2.2": "g22_rec709_scene",
    "gamma2.4": "g24_rec709_scene",
    "alexav3logc": "ocio:arrilogc3_awg3_scene",
    "arrilogc4": "ocio:arrilogc4_awg4_scene",
    "log3g10": "ocio:redlog3g10_rwg_scene",
}
"""Colour spaces of Nuke's and Natron's own configurations, case folded, and their interop IDs.

Those configurations state curves alone; the primaries are Rec.709's, or the camera's that the curve is of.
Cineon, Gamma2.6, SLog3 (which goes with two sets of primaries) and all others have no equal.
Source: nuke-default of the OpenColorIO-Configs.
"""

_READS = ("Read", "fr.inria.built-in.Read", "fr.inria.openfx.ReadOIIO")
_WRITES = ("Write", "fr.inria.built-in.Write", "fr.inria.openfx.WriteOIIO")
_THROUGH = ("Dot", "NoOp", "fr.inria.built-in.Dot", "net.sf.openfx.NoOpPlugin")
"""Nodes that hand their input on."""


class Found(NamedTuple):
    """What a script says of the render of one node.

    frames: the range, None for the whole clip. said: which nodes, from where to where.
    """

    recipe: Recipe
    input: str
    output: str
    frames: str | None = None
    said: str = ""


def is_script(path: str) -> bool:
    """Whether a file is a host's script, by its name."""
    return Path(path).suffix.casefold() in _READERS


def find(
    path: str,
    name: str | None,
    types: NodeTypes,
    colour: Colour,
    *,
    input: str | None = None,
    output: str | None = None,
    input_space: str | None = None,
    output_space: str | None = None,
    given: Collection[str] = (),
) -> Found:
    """Read a script and return the render of the node called `name` in it.

    input: what goes into the first of the nodes, where that is not the Read before them. output: where the
    result goes, where that is not the Write behind them. input_space, output_space: their colour spaces,
    where those are not what Read and Write say. given: the further inputs ("mask", "reference") that come
    from elsewhere and need not be followed.
    Raises UsageError (RecipeError, KnobError, ColourError): it names what cannot be followed, and what to
    give.
    """
    try:
        script = _Script(Path(path))
        return _find(script, name, types, colour, (input, output), (input_space, output_space), given)
    except UsageError as error:
        raise type(error)(f"{path}: {error}") from None


def config_of(path: str) -> str | None:
    """The file of the OCIO configuration that a script was made with; None where it is not one of the user's.

    Raises UsageError (RecipeError) where the script cannot be read, or only its host can tell.
    """
    try:
        script = _Script(Path(path))
        config = script.parsed.config
        return script.path(config, "the OCIO configuration", "--ocio-config") if config else None
    except UsageError as error:
        raise type(error)(f"{path}: {error}") from None


def _find(
    script: _Script,
    name: str | None,
    types: NodeTypes,
    colour: Colour,
    files: tuple[str | None, str | None],
    spaces: tuple[str | None, str | None],
    given: Collection[str],
) -> Found:
    input, output = files
    input_space, output_space = spaces
    chain, source = script.chain(name)
    nodes = tuple(node_of(n, types) for n in chain)
    space = _space(chain)
    begin, end = input, output
    if input is None:
        read = script.read(source, chain[0], "INPUT")
        if not is_on(read, "raw") and colour.resolve(space) != colour.resolve(_SCENE):
            raise UsageError(
                f"{read.name} makes its picture {_SCENE}, and {chain[0].name} takes it for '{space}': give "
                "INPUT and its --input-space"
            )
        input, frames, begin = script.file(read, "INPUT"), _range(read), read.name
        input_space = input_space or _file_space(read, space, colour, "--input-space")
    else:
        input_space = input_space or (None if space == _SCENE else space)
        frames = _span(script.parsed.frames)
    if output is None:
        write = script.write(chain[-1])
        output, end = script.file(write, "OUTPUT"), write.name
        output_space = output_space or _file_space(write, space, colour, "--output-space")
    moving = [n.name for n, node in zip(chain, nodes, strict=True) if _is_animated(node)]
    if moving and is_movie(Path(input)):
        raise UsageError(
            f"{moving[0]} is animated, and {input} is a movie, whose frames are counted otherwise here than "
            "in hosts: give INPUT as image files"
        )
    recipe = Recipe(nodes, input_space, output_space, script.inputs(chain, given))
    said = f"renders {', '.join(n.name for n in chain)} from {begin} to {end}"
    return Found(recipe, input, output, frames, said + script.colours(colour))


def _read(path: Path) -> HostFile:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"the script cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"the script cannot be read, it is no UTF-8 text: {error}") from error
    return _READERS[path.suffix.casefold()](text)


class _Script:
    """A script, and the ways through it."""

    def __init__(self, path: Path) -> None:
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
        number = {"Source": "0", "Mask": "mask" if masked else "1", "Reference": "1" if masked else "2"}[clip]
        found = self._at(node, clip, number)
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
        if source.kind not in _READS:
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

    def inputs(self, chain: list[HostNode], given: Collection[str]) -> Mapping[str, str]:
        """The masks and reference plates that are connected, but those given otherwise; one for all nodes."""
        found = {}
        for name in (n for n in ("mask", "reference") if n not in given):
            option, files = f"--{name}", {}
            for node in chain:
                source = self._clip(node, name.title()) if name != "mask" or is_on(node, "use_mask") else None
                files[node.name] = self.file(self.read(source, node, option), option) if source else ""
            clips = set(files.values())
            if len(clips if name == "mask" else clips - {""}) > 1:
                said = ", ".join(f"{node} {file or 'none'}" for node, file in files.items())
                raise RecipeError(
                    f"the nodes differ in their {name} ({said}), and a recipe has one: render them one by "
                    "one, each in a script of its own"
                )
            if any(clips):
                found[name] = max(clips)
        return found


def _disabled(node: HostNode) -> bool:
    """Whether a node hands its input on. Raises RecipeError where that changes for one of ours."""
    if is_ours(node):
        return is_on(node, "disable") or is_on(node, "disableNode")
    return any(node.settings.get(name) in ("true", "1") for name in ("disable", "disableNode"))


def _space(chain: list[HostNode]) -> str:
    """The colour space that the nodes were told to take their picture for; one for all."""
    spaces = {n.name: text_of(n, "input_space") or _SCENE for n in chain}
    if len(set(spaces.values())) > 1:
        said = ", ".join(f"{name} {space}" for name, space in spaces.items())
        raise RecipeError(f"the nodes have different input spaces ({said}): give them the same")
    return spaces[chain[0].name]


def _file_space(node: HostNode, space: str, colour: Colour, option: str) -> str | None:
    """The colour space of the file of a Read or Write; None where the script leaves it to the file.

    option: what to give where there is no such space.
    """
    if is_on(node, "raw"):
        return space
    said = text_of(node, "colorspace")
    said = said or text_of(node, "ocioInputSpace" if node.kind in _READS else "ocioOutputSpace")
    if not said:
        return None
    chosen = re.fullmatch(r"\w+ \((.+)\)", said)  # "default (sRGB)": Nuke tells what it chose
    plain = chosen[1] if chosen else said
    for name in (said, plain, _SPACES.get(plain.casefold(), plain)):
        if _is_space(name, colour):
            return name
    raise ColourError(
        f"{node.name} says '{plain}', which is no colour space of {colour.name}{near(plain, colour.spaces)}; "
        f"{option} NAME gets past it"
    )


def _is_space(name: str, colour: Colour) -> bool:
    try:
        colour.resolve(name)
    except ColourError:
        return False
    return True


def _is_animated(node: Node) -> bool:
    return any(isinstance(value, Curve) for value in node.knobs.values())


def _range(read: HostNode) -> str | None:
    """The frames of a Read, None for all. Those of a movie are counted otherwise here than in hosts."""
    if is_movie(Path(text_of(read, "file") or text_of(read, "filename"))):
        return None
    nuke = read.kind == "Read"
    first = text_of(read, "first" if nuke else "firstFrame") or "1"
    last = text_of(read, "last" if nuke else "lastFrame")
    ends = [int(e) for e in (first, last) if re.fullmatch(r"-?\d{1,9}", e)]
    return _span((ends[0], ends[1])) if len(ends) == 2 else None


def _span(frames: tuple[int, int] | None) -> str | None:
    return f"{frames[0]}-{frames[1]}" if frames else None
