"""What the tags in a file say about its colour space, as names to look for in a configuration; and back.

The names are interop IDs of the Color Interop Forum ("Color Space Encodings for Texture Assets and CG
Rendering", 2024, and the display set of OpenColorIO's built-in configurations), then aliases that older
configurations use for the same space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = [
    "CICP",
    "LIGHT",
    "OWN",
    "SRGB_PICTURE",
    "TAGS",
    "VIDEO_709",
    "Tag",
    "dpx_of",
    "interop_ids",
    "primaries_of",
    "tags_of",
]

OWN = "interneg:colourspace"
"""The attribute by which files that Interneg wrote say their space; it goes before all others."""

TAGS = (
    OWN,
    "colorInteropID",
    "CICP",
    "cicp:primaries",
    "cicp:transfer",
    "cicp:matrix",
    "dpx:Transfer",
    "dpx:Colorimetric",
    "acesImageContainerFlag",
    "chromaticities",
    "oiio:ColorSpace",
    "oiio:Gamma",
    "ICCProfile",
)
"""All metadata that names a colour space: what may not stay when the space changes."""

SRGB_PICTURE = ("srgb_rec709_scene", "srgb_texture", "srgb_tx", "Utility - sRGB - Texture", "sRGB")

VIDEO_709 = ("g24_rec709_display", "rec1886_rec709_display", "Rec.709 - Display", "rec709")
_PRINTING_DENSITY = ("ocio:adx10_apd_scene", "ADX10", "Input - ADX - ADX10", "Cineon")

CICP: dict[tuple[int, int], tuple[str, ...]] = {
    (1, 1): VIDEO_709,
    (1, 6): VIDEO_709,
    (1, 4): ("g22_rec709_display",),
    (1, 8): ("lin_rec709_scene", "lin_rec709"),
    (1, 13): ("srgb_rec709_display", "srgb_display", "sRGB"),
    (9, 1): ("g24_rec2020_display", "rec1886_rec2020_display"),
    (9, 14): ("g24_rec2020_display", "rec1886_rec2020_display"),
    (9, 15): ("g24_rec2020_display", "rec1886_rec2020_display"),
    (9, 8): ("lin_rec2020_scene", "lin_rec2020"),
    (9, 16): ("pq_rec2020_display", "rec2100_pq_display"),
    (9, 18): ("hlg_rec2020_display", "rec2100_hlg_display"),
    (12, 8): ("lin_p3d65_scene", "lin_p3d65"),
    (12, 13): ("srgb_p3d65_display", "displayp3_display"),
    (12, 16): ("pq_p3d65_display", "st2084_p3d65_display"),
    (12, 17): ("g26_p3d65_display", "p3d65_display"),
}
"""(colour primaries, transfer characteristics) of Recommendation ITU-T H.273, tables 2 and 3."""

_UNSPECIFIED = 2

_CHROMATICITIES: dict[tuple[float, ...], tuple[str, ...]] = {
    (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767): (
        "lin_ap0_scene",
        "ACES2065-1",
        "ACES - ACES2065-1",
    ),
    (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767): ("lin_ap1_scene", "ACEScg", "ACES - ACEScg"),
    (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329): (
        "lin_rec709_scene",
        "lin_rec709",
        "Utility - Linear - sRGB",
    ),
    (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329): (
        "lin_rec2020_scene",
        "lin_rec2020",
        "Utility - Linear - Rec.2020",
    ),
    (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329): (
        "lin_p3d65_scene",
        "lin_p3d65",
        "Utility - Linear - P3-D65",
    ),
    (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329): ("lin_adobergb_scene", "lin_adobergb"),
}
"""x, y of red, green, blue and white, as OpenEXR keeps them, of linear light."""

LIGHT = tuple(_CHROMATICITIES.values())[1::-1] + tuple(_CHROMATICITIES.values())[2:3]
"""ACEScg, as comps and renders are most often in, ACES2065-1 for exchange, and linear Rec.709."""

_DPX: dict[str, tuple[str, ...]] = {
    "printing density": _PRINTING_DENSITY,
    "logarithmic": ("Cineon", *_PRINTING_DENSITY),
    "linear": ("lin_rec709_scene", "lin_rec709"),
    "itu-r 709-4": VIDEO_709,
    "smpte 274m": VIDEO_709,
}
"""Transfer characteristic of SMPTE ST 268, field 21.10, as OpenImageIO writes it."""


class Tag(NamedTuple):
    """One thing a file says about its colour.

    text: the tag as a person would quote it; names: spaces that fit, best first; presumed: the reader of the
    format presumed it, the file did not say so; binding: no other space may be taken in its place; naming: it
    names a space, in whose place only another tag's may be taken.
    """

    text: str
    names: tuple[str, ...]
    presumed: bool = False
    binding: bool = False
    naming: bool = False


def tags_of(metadata: Mapping[str, Any]) -> list[Tag]:
    """Return what the metadata of a file says about its colour space, most trustworthy first.

    metadata: as OpenImageIO names attributes ("CICP" of stills holds four codes of H.273), with
    "cicp:primaries" and "cicp:transfer" (such codes, integers) for movies.
    """
    tags = []
    if text := str(metadata.get(OWN, "")):
        tags.append(Tag(f"{OWN} '{text}'", (text,), naming=True))
    text = str(metadata.get("colorInteropID", ""))
    if text and text != "unknown":
        tags.append(Tag(f"colorInteropID '{text}'", (text,), naming=True))
    still = metadata.get("CICP", (_UNSPECIFIED, _UNSPECIFIED))
    primaries = int(metadata.get("cicp:primaries", still[0]))
    transfer = int(metadata.get("cicp:transfer", still[1]))
    if transfer != _UNSPECIFIED:
        text = f"CICP primaries {primaries}, transfer {transfer}"
        tags.append(Tag(text, CICP.get((primaries, transfer), ())))
    if text := str(metadata.get("dpx:Transfer", "")):
        names = _DPX.get(text.casefold(), ())
        if names or text.casefold() not in ("undefined", "user defined"):
            tags.append(Tag(f"DPX transfer '{text}'", names))
    if int(metadata.get("acesImageContainerFlag", 0)) == 1:
        tags.append(Tag("the ACES container flag", ("lin_ap0_scene", "ACES2065-1")))
    if xy := tuple(float(v) for v in metadata.get("chromaticities", ())):
        fits = [n for known, n in _CHROMATICITIES.items() if _close(xy, known)]
        shown = ", ".join(f"{v:.4g}" for v in xy)
        tags.append(Tag(f"chromaticities {shown}", fits[0] if fits else (), binding=True))
    if text := str(metadata.get("oiio:ColorSpace", "")):
        # OpenImageIO says sRGB of every PNG and JPEG that says nothing itself.
        presumed = text.casefold() in ("srgb", SRGB_PICTURE[0])
        names = (*SRGB_PICTURE,) if presumed else (text,)
        tags.append(Tag(f"oiio:ColorSpace '{text}'", names, presumed))
    return tags


def interop_ids() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The interop IDs of the spaces named here, each with all names of its space."""
    named = (SRGB_PICTURE, _PRINTING_DENSITY, *_CHROMATICITIES.values(), *CICP.values())
    return ((names[0], names) for names in named)


def primaries_of(name: str) -> tuple[float, ...]:
    """The chromaticities of the space of linear light with this interop ID, empty for any other."""
    return next((xy for xy, names in _CHROMATICITIES.items() if names[0] == name), ())


def dpx_of(interop_id: str) -> dict[str, str]:
    """The attributes by which a DPX says the space with this interop ID, empty where it cannot."""
    if interop_id == _PRINTING_DENSITY[0]:
        return {"dpx:Transfer": "Printing density", "dpx:Colorimetric": "Printing density"}
    if interop_id == VIDEO_709[0]:
        return {"dpx:Transfer": "ITU-R 709-4", "dpx:Colorimetric": "ITU-R 709-4"}
    return {"dpx:Transfer": "Linear"} if interop_id == _DPX["linear"][0] else {}


def _close(xy: tuple[float, ...], known: tuple[float, ...]) -> bool:
    return len(xy) == len(known) and all(abs(a - b) < 1e-3 for a, b in zip(xy, known, strict=True))
