"""Which colour spaces a script means, in the configuration that renders it."""

from __future__ import annotations

import re

from interneg.colour import Colour
from interneg.errors import ColourError, RecipeError, near
from interneg.plugin.scripts.hostfile import HostNode
from interneg.plugin.scripts.placed import is_on, text_of
from interneg.plugin.scripts.script import READS

SCENE = "scene_linear"
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


def space_of(chain: list[HostNode]) -> str:
    """The colour space that the nodes were told to take their picture for; one for all.

    Raises RecipeError where they differ.
    """
    spaces = {n.name: text_of(n, "input_space") or SCENE for n in chain}
    if len(set(spaces.values())) > 1:
        listed = ", ".join(f"{name} {space}" for name, space in spaces.items())
        raise RecipeError(f"the nodes have different input spaces ({listed}): give them the same")
    return spaces[chain[0].name]


def file_space(node: HostNode, space: str, colour: Colour, option: str) -> str | None:
    """The colour space of the file of a Read or Write; None where the script leaves it to the file.

    option: what to give where there is no such space. Raises ColourError.
    """
    if is_on(node, "raw"):
        return space
    named = text_of(node, "colorspace")
    named = named or text_of(node, "ocioInputSpace" if node.kind in READS else "ocioOutputSpace")
    if not named:
        return None
    chosen = re.fullmatch(r"\w+ \((.+)\)", named)  # "default (sRGB)": Nuke tells what it chose
    plain = chosen[1] if chosen else named
    for name in (named, plain, _SPACES.get(plain.casefold(), plain)):
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
