"""The recipe that a command line asks for: a file, a line or a node of a script, and what options change."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from interneg.colour import Colour
from interneg.errors import InternegError, UsageError
from interneg.io import open_clip
from interneg.io.formats import image_format, is_movie
from interneg.nodes import NODES
from interneg.plugin.scripts.find import ScriptRender, find, is_script
from interneg.recipe import Recipe


def recipe_of(text: str) -> Recipe:
    """Read a recipe file or a recipe in one line. Raises RecipeError, KnobError."""
    path = Path(text)
    # A line may end with the name of a profile, which is TOML, too.
    is_line = text.split("|")[0].partition(":")[0].strip() in NODES and not path.is_file()
    is_file = path.suffix.casefold() == ".toml" and not is_line
    return Recipe.from_file(path, NODES) if is_file else Recipe.from_line(text, NODES)


def render_of(
    text: str,
    node: str | None,
    files: tuple[str | None, str | None],
    spaces: tuple[str | None, str | None],
    given: Mapping[str, str],
    colour: Colour,
) -> ScriptRender:
    """The recipe with its input and output, out of a script or as they were given.

    text: the recipe. node: the node of a script. files: the input and the output, spaces: their colour
    spaces, None where the command line names none. given: further inputs by name. Raises UsageError where
    something is missing, and what `find` raises.
    """
    input, output = files
    if is_script(text):
        return find(
            text, node, NODES, colour,
            input=input, output=output, input_space=spaces[0], output_space=spaces[1], given=given,
        )  # fmt: skip
    if node is not None:
        raise UsageError(f"--node is for Nuke scripts and Natron projects, .nk and .ntp, not for '{text}'")
    if input is None or output is None:
        raise UsageError(
            f"{'INPUT' if input is None else 'OUTPUT'} is missing: interneg render RECIPE INPUT OUTPUT"
        )
    _refuse_swapped(text, input, output)
    return ScriptRender(recipe_of(text), input, output)


def _refuse_swapped(text: str, input: str, output: str) -> None:
    """Raise UsageError where the recipe does not come first."""
    if not _is_clip(text):
        return
    for recipe, others in ((input, (text, output)), (output, (text, input))):
        if _is_recipe(recipe) and not _is_clip(recipe):
            clips = sorted(others, key=lambda clip: not _is_there(clip))  # what is there is the input
            line = shlex.join(["interneg", "render", recipe, *clips])
            raise UsageError(f"the recipe comes first, and '{text}' is a clip; did you mean {line}?")


def _is_clip(text: str) -> bool:
    path = Path(text)
    return image_format(path) is not None or is_movie(path) or path.is_dir()


def _is_there(clip: str) -> bool:
    """Whether a clip has a frame on the disk."""
    with suppress(InternegError):
        open_clip(clip).close()
        return True
    return False


def _is_recipe(text: str) -> bool:
    return Path(text).suffix.casefold() == ".toml" or re.split("[:|]", text)[0].strip() in NODES


def changed(
    recipe: Recipe,
    settings: Sequence[str],
    *,
    input_space: str | None = None,
    output_space: str | None = None,
    depth: str | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Recipe:
    """The recipe with what the command line says otherwise. Raises RecipeError, KnobError."""
    for setting in settings:
        recipe = recipe.with_setting(setting)
    return replace(
        recipe,
        input_space=input_space or recipe.input_space,
        output_space=output_space or recipe.output_space,
        depth=depth or recipe.depth,
        inputs={**recipe.inputs, **(inputs or {})},
    )
