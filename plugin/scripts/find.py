"""Rendering a node of a host's script without the host: what a Nuke script or a Natron project says of it.

The named node is rendered, and before it the nodes of Interneg that it gets its picture through. The Read in
front of them is the input, the Write that takes the result is the output.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from interneg.colour import Colour
from interneg.curve import Curve
from interneg.errors import UsageError
from interneg.io.formats import is_movie
from interneg.node import Node
from interneg.plugin.scripts.depths import depth_of
from interneg.plugin.scripts.hostfile import HostNode
from interneg.plugin.scripts.placed import is_on, node_of, require_all_channels, text_of
from interneg.plugin.scripts.script import PARSERS, Script
from interneg.plugin.scripts.spaces import SCENE, file_space, space_of
from interneg.recipe import NodeTypes, Recipe


class ScriptRender(NamedTuple):
    """What a script says of the render of one node.

    frames: the range, None for the whole clip. summary: which nodes, from where to where.
    """

    recipe: Recipe
    input: str
    output: str
    frames: str | None = None
    summary: str = ""


def is_script(path: str) -> bool:
    """Whether a file is a host's script, by its name."""
    return Path(path).suffix.casefold() in PARSERS


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
) -> ScriptRender:
    """Read a script and return the render of the node called `name` in it.

    input: what goes into the first of the nodes, where that is not the Read before them. output: where the
    result goes, where that is not the Write behind them. input_space, output_space: their colour spaces,
    where those are not what Read and Write say. given: the further inputs ("mask", "matte", "reference") that
    come from elsewhere and need not be followed.
    Raises UsageError (RecipeError, KnobError, ColourError): it names what cannot be followed, and what to
    give.
    """
    try:
        script = Script(Path(path))
        return _find(script, name, types, colour, (input, output), (input_space, output_space), given)
    except UsageError as error:
        raise type(error)(f"{path}: {error}") from None


def config_of(path: str) -> str | None:
    """The file of the OCIO configuration that a script was made with; None where it is not one of the user's.

    Raises UsageError (RecipeError) where the script cannot be read, or only its host can tell.
    """
    try:
        script = Script(Path(path))
        config = script.parsed.config
        return script.path(config, "the OCIO configuration", "--ocio-config") if config else None
    except UsageError as error:
        raise type(error)(f"{path}: {error}") from None


def _find(
    script: Script,
    name: str | None,
    types: NodeTypes,
    colour: Colour,
    files: tuple[str | None, str | None],
    spaces: tuple[str | None, str | None],
    given: Collection[str],
) -> ScriptRender:
    input, output = files
    input_space, output_space = spaces
    chain, source = script.chain(name)
    nodes = tuple(node_of(n, types) for n in chain)
    space = space_of(chain)
    begin, end = input, output
    if input is None:
        read = script.read(source, chain[0], "INPUT")
        if not is_on(read, "raw") and colour.resolve(space) != colour.resolve(SCENE):
            raise UsageError(
                f"{read.name} makes its picture {SCENE}, and {chain[0].name} takes it for '{space}': give "
                "INPUT and its --input-space"
            )
        input, frames, begin = script.file(read, "INPUT"), _range(read), read.name
        input_space = input_space or file_space(read, space, colour, "--input-space")
    else:
        input_space = input_space or (None if space == SCENE else space)
        frames = _span(script.parsed.frames)
    depth = None
    if output is None:
        write = script.write(chain[-1])
        require_all_channels(write)
        depth = depth_of(write)
        output, end = script.file(write, "OUTPUT"), write.name
        output_space = output_space or file_space(write, space, colour, "--output-space")
    moving = [n.name for n, node in zip(chain, nodes, strict=True) if _is_animated(node)]
    if moving and is_movie(Path(input)):
        raise UsageError(
            f"{moving[0]} is animated, and {input} is a movie, whose frames are counted otherwise here than "
            "in hosts: give INPUT as image files"
        )
    recipe = Recipe(nodes, input_space, output_space, script.inputs(chain, nodes, given), depth)
    summary = f"renders {', '.join(n.name for n in chain)} from {begin} to {end}"
    return ScriptRender(recipe, input, output, frames, summary + script.colours(colour))


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
