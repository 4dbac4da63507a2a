"""Colour spaces in a Nuke script: of its Reads and Writes, by Nuke's names or a configuration's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.errors import ColourError
from interneg.plugin.scripts.find import ScriptRender
from tests.plugin.scripts.nuke_comps import OURS, READ, WRITE, ours, render


@pytest.mark.parametrize(
    ("read", "knobs", "space"),
    [
        ('colorspace "ACES2065-1"', {}, "ACES2065-1"),
        ('colorspace "default (sRGB - Texture)"', {}, "sRGB - Texture"),
        ("raw true", {}, "scene_linear"),
        ("raw true", {"input_space": "ACEScct"}, "ACEScct"),
        ('colorspace "ACES2065-1"', {"input_space": "ACEScg"}, "ACES2065-1"),  # what scene_linear is here
    ],
)
def test_colour_is_that_of_the_read(
    looked: Callable[..., ScriptRender], read: str, knobs: dict[str, str], space: str
) -> None:
    script = READ.replace("origset true", read) + ours(**knobs) + WRITE
    assert looked(script).recipe.input_space == space


@pytest.mark.parametrize(
    ("written", "space"),
    [
        ("linear", "lin_rec709_scene"),
        ('"default (sRGB)"', "srgb_rec709_scene"),
        ("rec709", "ocio:itu709_rec709_scene"),
        ("Gamma2.4", "g24_rec709_scene"),
        ("AlexaV3LogC", "ocio:arrilogc3_awg3_scene"),
        ("Log3G10", "ocio:redlog3g10_rwg_scene"),
    ],
)
def test_nuke_s_own_colour_names_are_known(
    looked: Callable[..., ScriptRender], colour: Colour, written: str, space: str
) -> None:
    text = READ.replace("origset true", f"colorspace {written}") + OURS + WRITE
    assert looked(text).recipe.input_space == space
    assert colour.resolve(space)


@pytest.mark.parametrize("written", ["Cineon", "SLog3", "Gamma2.6", '"Output - Rec.709"'])
def test_a_colour_name_without_an_equal_is_got_past(
    looked: Callable[..., ScriptRender], written: str
) -> None:
    read = READ.replace("origset true", f"colorspace {written}")
    with pytest.raises(ColourError, match=r"Read1 says .* is no colour space .*; --input-space NAME gets"):
        looked(read + OURS + WRITE)
    assert looked(read + OURS + WRITE, input_space="ACEScg").recipe.input_space == "ACEScg"
    write = WRITE.replace("file_type exr", f"colorspace {written}")
    with pytest.raises(ColourError, match=r"Write1 says .* no colour space .*; --output-space NAME gets"):
        looked(READ + OURS + write)
    assert looked(READ + OURS + write, output_space="ACEScg").recipe.output_space == "ACEScg"


OWN = """ocio_profile_version: 2
roles: {scene_linear: linear, default: linear}
displays: {d: [!<View> {name: v, colorspace: linear}]}
colorspaces:
  - !<ColorSpace> {name: linear}
  - !<ColorSpace>
    name: Cineon
    encoding: sdr-video
    to_scene_reference: !<ExponentTransform> {value: 2}
"""


def test_the_configuration_of_the_script_is_used(plate: Callable[..., str], tmp_path: Path) -> None:
    plate(range(1001, 1002))
    (tmp_path / "own.ocio").write_text(OWN)
    root = "Root {\n OCIO_config custom\n colorManagement OCIO\n customOCIOConfigPath own.ocio\n}\n"
    script = tmp_path / "comp.nk"
    read = READ.replace("origset true", "colorspace Cineon").replace("last 1004", "last 1001")
    script.write_text(root + read + ours(strength="0") + WRITE)
    made = render(script, "--node", "DenoiseSR1")
    assert made.exit_code == 0, made.output
    assert f"Write1, in the colours of {tmp_path / 'own.ocio'}" in made.output.replace("\n", " ")
    assert "is in Cineon" in made.output
    made = render(script, "--node", "DenoiseSR1", "--ocio-config", BUILT_IN, "--overwrite")
    assert made.exit_code == 2
    assert "'Cineon', which is no colour space" in " ".join(made.output.split())
    script.write_text(script.read_text().replace("own.ocio", "\\[getenv OWN]"))
    made = render(script, "--node", "DenoiseSR1")
    assert made.exit_code == 2
    assert "which only its host can tell: give --ocio-config" in made.stderr


def test_a_configuration_of_the_host_s_is_not_taken_silently(
    looked: Callable[..., ScriptRender], colour: Colour
) -> None:
    root = "Root {\n OCIO_config aces_1.2\n}\n"
    summary = looked(root + READ + OURS + WRITE).summary
    assert summary.endswith(f"to Write1, in the colours of {colour.name}, not of the script's aces_1.2")


def test_colour_of_the_write_is_the_output_s(looked: Callable[..., ScriptRender]) -> None:
    found = looked(READ + OURS + WRITE.replace("file_type exr", "colorspace ACEScct"))
    assert found.recipe.output_space == "ACEScct"
