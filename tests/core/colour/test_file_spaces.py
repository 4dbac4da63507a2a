"""Which space a file is in, and how it says so."""

from pathlib import Path
from typing import Any

import PyOpenColorIO as ocio
import pytest

from interneg.colour import Colour
from interneg.errors import ColourError
from tests.core.colour.colour_configs import colour, minimal


@pytest.mark.parametrize(
    ("metadata", "space"),
    [
        ({"colorInteropID": "lin_ap1_scene"}, "ACEScg"),
        ({"interneg:colourspace": "ADX10", "colorInteropID": "lin_ap1_scene"}, "ADX10"),
        ({"acesImageContainerFlag": 1}, "ACES2065-1"),
        ({"chromaticities": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)}, "ACEScg"),
        ({"chromaticities": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)}, "Linear Rec.709 (sRGB)"),
        ({"oiio:ColorSpace": "g22_adobergb_scene"}, "Gamma 2.2 Encoded AdobeRGB"),
        ({"dpx:Transfer": "Printing density"}, "ADX10"),
        ({"dpx:Transfer": "Logarithmic", "oiio:ColorSpace": "KodakLog"}, "ADX10"),
        ({"cicp:primaries": 1, "cicp:transfer": 1, "cicp:matrix": 1}, "Rec.1886 Rec.709 - Display"),
        ({"cicp:primaries": 9, "cicp:transfer": 16}, "Rec.2100-PQ - Display"),
        ({"cicp:primaries": 9, "cicp:transfer": 18}, "Rec.2100-HLG - Display"),
        ({"CICP": (9, 16, 0, 1), "oiio:ColorSpace": "srgb_rec709_scene"}, "Rec.2100-PQ - Display"),
        ({"cicp:primaries": 12, "cicp:transfer": 16}, "ST2084-P3-D65 - Display"),
        ({"cicp:primaries": 1, "cicp:transfer": 13}, "sRGB - Display"),
    ],
)
def test_file_tags(metadata: dict[str, Any], space: str) -> None:
    choice = colour.space_of("shot.0001.tif", metadata, "uint16")
    assert choice.space == space
    assert choice.reason.startswith("the file says")
    forced = colour.space_of("shot.0001.tif", metadata, "uint16", override="arri_logc4")
    assert forced == ("ARRI LogC4", "asked for as 'arri_logc4'", False)


@pytest.mark.parametrize(
    ("path", "metadata", "depth", "space", "reason"),
    [
        ("a.%04d.exr", {}, "half", "ACES2065-1", "the file rule 'EXR' of studio-config"),
        (
            "a.mov",
            {"cicp:primaries": 2, "cicp:transfer": 2},
            "uint10",
            "Rec.1886 Rec.709 - Display",
            "'Movies'",
        ),
        ("a.mkv", {"movie:pixel_format": "yuv420p"}, "uint8", "Rec.1886 Rec.709 - Display", "for a movie"),
        ("a.tif", {}, "float", "ACEScg", "the scene_linear role"),
        ("a.png", {}, "uint8", "sRGB Encoded Rec.709 (sRGB)", "integer still"),
        ("a.png", {"oiio:ColorSpace": "srgb_rec709_scene"}, "uint8", "sRGB Encoded Rec.709 (sRGB)", "still"),
    ],
)
def test_untagged_files(path: str, metadata: dict[str, Any], depth: str, space: str, reason: str) -> None:
    choice = colour.space_of(path, metadata, depth)
    assert choice.space == space
    assert reason in choice.reason


def test_a_tag_that_the_config_lacks_is_said() -> None:
    choice = colour.space_of("a.mov", {"cicp:primaries": 6, "cicp:transfer": 6}, "uint8")
    assert choice.space == "Rec.1886 Rec.709 - Display"
    assert "'Movies'" in choice.reason and "CICP primaries 6, transfer 6" in choice.reason
    choice = colour.space_of("a.tif", {"oiio:ColorSpace": "OurOwnSpace"}, "uint16")
    assert "no space of the config fits oiio:ColorSpace 'OurOwnSpace'" in choice.reason


def test_primaries_that_no_space_has_are_an_error() -> None:
    xyz = {"chromaticities": (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)}
    with pytest.raises(ColourError, match=r"x\.exr says chromaticities 1, 0, 0, .*--input-space"):
        colour.space_of("x.exr", xyz, "half")
    assert colour.space_of("x.exr", xyz, "half", override="ACEScg").space == "ACEScg"
    assert colour.space_of("x.exr", {**xyz, "colorInteropID": "lin_ap1_scene"}, "half").space == "ACEScg"


@pytest.mark.parametrize("space", [s.getName() for s in colour.config.getColorSpaces()])
def test_every_tag_of_a_space_says_that_space(space: str) -> None:
    tags = colour.tags(space)
    movie = {k: tags.pop(k) for k in [*tags] if k.startswith("cicp:")}
    told = [{k: v} for k, v in tags.items() if k != "dpx:Colorimetric"] + [movie] * bool(movie)
    for tag in told:
        assert colour.alike(colour.space_of("a.tif", tag, "uint16").space, space), tag
    assert {"oiio:ColorSpace": space} in told


@pytest.mark.parametrize(
    ("space", "codes"),
    [
        ("Rec.1886 Rec.709 - Display", (1, 1)),
        ("sRGB - Display", (1, 13)),
        ("sRGB Encoded Rec.709 (sRGB)", (1, 13)),
        ("Rec.2100-PQ - Display", (9, 16)),
        ("Linear Rec.709 (sRGB)", (1, 8)),
        ("ACEScg", None),
        ("ARRI LogC4", None),
        ("Camera Rec.709", None),
    ],
)
def test_codes_of_spaces(space: str, codes: tuple[int, int] | None) -> None:
    found = colour.tags(space).get("CICP")
    assert (found and found[:2]) == codes


def test_override_must_exist() -> None:
    with pytest.raises(ColourError, match="ACEScct"):
        colour.space_of("a.exr", {}, "half", override="ACESct")


def test_file_rules_win_over_what_a_reader_presumes(tmp_path: Path) -> None:
    config = ocio.Config.CreateFromFile(minimal(tmp_path))
    rules = config.getFileRules()
    rules.insertRule(0, "scans", "video", "*scan*", "png")
    config.setFileRules(rules)
    path = tmp_path / "ruled.ocio"
    path.write_text(config.serialize())
    presumed = {"oiio:ColorSpace": "srgb_rec709_scene"}
    choice = Colour(str(path)).space_of("a_scan.0001.png", presumed, "uint8")
    assert choice.space == "video"
    assert "file rule 'scans' of minimal" in choice.reason


def test_a_config_without_any_fitting_space(tmp_path: Path) -> None:
    small = Colour(minimal(tmp_path))
    found = small.space_of("a.exr", {}, "half")
    assert found == ("lin", "the scene_linear role, for a float picture", True)
    choice = small.space_of("a.mp4", {"cicp:primaries": 9, "cicp:transfer": 16}, "uint10")
    assert choice.space == "lin"
    assert choice.reason == (
        "the default file rule of minimal; no space of the config fits CICP primaries 9, transfer 16"
    )


def test_a_file_that_names_a_space_that_there_is_not_is_an_error() -> None:
    colour = Colour()
    with pytest.raises(
        ColourError, match=r"colorInteropID 'lin_rec709_scen'.* \(did you mean .*lin_rec709_scene"
    ):
        colour.space_of("a.exr", {"colorInteropID": "lin_rec709_scen"}, "half")
    assert colour.space_of("a.exr", {"colorInteropID": "banana"}, "half", override="ACEScg").space == "ACEScg"
    # Another tag may be right where one is not; and some say that they do not know.
    rec709 = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
    found = colour.space_of("a.exr", {"colorInteropID": "banana", "chromaticities": rec709}, "half")
    assert "709" in found.space
    assert colour.space_of("a.exr", {"colorInteropID": "unknown"}, "half")


def test_what_nobody_said_of_a_float_picture_is_by_default(tmp_path: Path) -> None:
    """A rule that somebody wrote for their own configuration says it; those of OCIO's own do not."""
    assert colour.space_of("a.exr", {}, "half").by_default
    assert not colour.space_of("a.exr", {"colorInteropID": "lin_ap1_scene"}, "half").by_default
    assert not colour.space_of("a.exr", {}, "half", override="ACEScg").by_default
    assert not colour.space_of("a.png", {}, "uint8").by_default
    config = ocio.Config.CreateFromFile(minimal(tmp_path))
    rules = config.getFileRules()
    rules.insertRule(0, "renders", "lin", "*", "exr")
    config.setFileRules(rules)
    path = tmp_path / "ruled.ocio"
    path.write_text(config.serialize())
    assert not Colour(str(path)).space_of("a.exr", {}, "half").by_default
    assert Colour(str(path)).space_of("a.tif", {}, "float").by_default


def test_the_usual_spaces_of_light_are_named_as_the_configuration_names_them(tmp_path: Path) -> None:
    assert colour.usual_light() == ["ACEScg", "ACES2065-1", "Linear Rec.709 (sRGB)"]
    assert Colour(minimal(tmp_path)).usual_light() == []
