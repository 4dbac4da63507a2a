"""How the Write of a script stores samples."""

from __future__ import annotations

from interneg.errors import RecipeError
from interneg.plugin.scripts.hostfile import HostNode, Unnamed
from interneg.plugin.scripts.placed import text_of

_NATRON = ("auto", "8i", "10i", "12i", "16i", "16f", "32i", "32f", "64i", "64f")
"""The choices of Natron's knob bitDepth, in their order."""

_DEPTHS = {
    "8i": "uint8",
    "10i": "uint10",
    "12i": "uint12",
    "16i": "uint16",
    "16f": "half",
    "32f": "float",
    "8 bit": "uint8",
    "10 bit": "uint10",
    "12 bit": "uint12",
    "16 bit": "uint16",
    "16 bit half": "half",
    "32 bit float": "float",
}
"""What Natron's bitDepth and Nuke's datatype stand for."""


def depth_of(write: HostNode) -> str | None:
    """The depth that a Write is set to, as a recipe has it; None where it leaves it to the file format.

    Raises RecipeError for one that files are not written in here.
    """
    named = text_of(write, "bitDepth") or text_of(write, "datatype")
    if isinstance(named, Unnamed) and named.isdecimal():
        named = dict(enumerate(_NATRON)).get(int(named), named)
    if named in ("", "auto"):
        return None
    if named not in _DEPTHS:
        raise RecipeError(
            f"{write.name} stores samples as '{named}', which is not written here: set it to another depth "
            "in the script, or give OUTPUT, and --depth"
        )
    return _DEPTHS[named]
