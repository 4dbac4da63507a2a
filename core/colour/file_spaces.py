"""Which colour space a file is in, and how files say that they are in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from interneg.colour.spaces import Spaces
from interneg.colour.tags import (
    CICP,
    LIGHT,
    SRGB_PICTURE,
    VIDEO_709,
    Tag,
    dpx_of,
    interop_ids,
    primaries_of,
    tags_of,
)
from interneg.errors import ColourError
from interneg.texts import from_latin

__all__ = ["FileSpace", "space_of_file", "tags_for", "usual_light"]


class FileSpace(NamedTuple):
    """A colour space and where the choice came from.

    by_default: whether, for a float picture, neither file nor user nor a configuration of theirs says it.
    """

    space: str
    reason: str
    by_default: bool = False


def space_of_file(
    spaces: Spaces, path: str, metadata: Mapping[str, Any], depth: str = "", override: str | None = None
) -> FileSpace:
    """Say which colour space the colour channels of a file are in, and why.

    path: of the file (a sequence's pattern will do). metadata: its attributes (see `tags_of`). depth: how
    its channels are stored, one of frame.DEPTHS. override: what the user asked for, which wins.

    In order: the override; what the file says; a file rule of the configuration made for such files; then
    by kind: for EXR and float files the scene_linear role, for movies (files with "cicp:" tags) Rec.709
    video, for integer stills the sRGB picture space; the configuration's default rule. A tag that no
    space of the configuration fits is named in the reason; but where a file names a space that there is
    not, or states primaries that no space fits, ColourError is raised: any other space would be wrong.
    """
    if override:
        return FileSpace(spaces.resolve(override), f"asked for as '{override}'")
    unmet = []
    for tag in tags_of(metadata):
        found = spaces.first(tag.names)
        if not found and tag.binding:
            raise _unknown(spaces, path, tag)
        if not found:
            unmet.append(tag.text)
        elif not tag.presumed:
            return FileSpace(found, f"the file says {tag.text}{_but(unmet)}")
    if lost := next((tag for tag in tags_of(metadata) if tag.naming), None):
        raise _unknown(spaces, path, lost)

    name = from_latin(path)  # OCIO takes UTF-8 alone, and rules ask for what stands around
    ruled, index = spaces.config.getColorSpaceFromFilepath(name)
    if not spaces.config.filepathOnlyMatchesDefaultRule(name):
        rule = spaces.config.getFileRules().getName(index)
        reason = f"the file rule '{rule}' of {spaces.name}{_but(unmet)}"
        return FileSpace(spaces.resolve(ruled), reason, _is_float(path, depth) and spaces.built_in)
    if _is_float(path, depth):
        names, kind = ["scene_linear"], "the scene_linear role, for a float picture"
    elif any(key.startswith(("cicp:", "movie:")) for key in metadata):
        names, kind = [*VIDEO_709], "Rec.709 video, for a movie"
    else:
        names, kind = [*SRGB_PICTURE, *_video_roles(spaces)], "sRGB, for an integer still"
    if found := spaces.first(names):
        return FileSpace(found, f"{kind}{_but(unmet)}", _is_float(path, depth))
    reason = f"the default file rule of {spaces.name}{_but(unmet)}"
    return FileSpace(spaces.resolve(ruled), reason, _is_float(path, depth))


def _is_float(path: str, depth: str) -> bool:
    return path.casefold().endswith(".exr") or depth in ("half", "float")


def usual_light(spaces: Spaces) -> list[str]:
    """The spaces of a configuration that comps, renders and exchanged plates are most often in, by name."""
    return [name for names in LIGHT if (name := spaces.first(names))]


def _unknown(spaces: Spaces, path: str, tag: Tag) -> ColourError:
    hint = spaces.near(tag.names[0]) if tag.naming else ""
    return ColourError(
        f"{path} says {tag.text}, which no colour space of {spaces.name} has{hint}; say which one to take "
        "(--input-space)"
    )


def _video_roles(spaces: Spaces) -> list[str]:
    painted = spaces.first(["texture_paint", "matte_paint"])
    return [painted] if painted and spaces.encoding(painted) == "sdr-video" else []


def _but(unmet: list[str]) -> str:
    return f"; no space of the config fits {' or '.join(unmet)}" if unmet else ""


def tags_for(spaces: Spaces, space: str) -> dict[str, Any]:
    """The metadata by which files say this colour space: what `space_of_file` reads, of all formats together.

    "oiio:ColorSpace" always; "colorInteropID", "chromaticities" (of linear light), "CICP" and "cicp:..."
    (codes of H.273, the matrix that goes with the primaries too), "dpx:..." where the space has them. Raises
    ColourError for an unknown space.
    """
    name = spaces.resolve(space)
    tags: dict[str, Any] = {"oiio:ColorSpace": name}
    known = (i for i, names in interop_ids() if spaces.first(names) == name)
    if interop := spaces.config.getColorSpace(name).getInteropID() or next(known, ""):
        tags["colorInteropID"] = interop
    if xy := primaries_of(interop):
        tags["chromaticities"] = xy
    if codes := _cicp(spaces, name):
        tags["CICP"] = (*codes, 0, 1)
        tags["cicp:primaries"], tags["cicp:transfer"] = codes
        tags["cicp:matrix"] = 9 if codes[0] == 9 else 1
    return {**tags, **dpx_of(interop)}


def _cicp(spaces: Spaces, space: str) -> tuple[int, int] | None:
    """The H.273 codes of a space, or of one with the same values (a display's and a picture's sRGB)."""
    fits = {codes: found for codes, names in CICP.items() if (found := spaces.first(names))}
    named = (codes for codes, found in fits.items() if found == space)
    return next(named, None) or next((c for c, found in fits.items() if spaces.alike(space, found)), None)
