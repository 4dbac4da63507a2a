from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.errors import ColourError, RecipeError, UsageError
from interneg.io import open_clip
from interneg.nodes import NODES
from interneg.plugin.cli.main import app
from interneg.plugin.scripts import natron_project, nuke_script
from interneg.plugin.scripts.find import ScriptRender, find
from interneg.plugin.scripts.hostfile import Varying

HEAD = """#! /usr/local/Nuke15.1v3/libnuke-15.1.3.so -nx
version 15.1 v3
define_window_layout_xml {<?xml version="1.0" encoding="UTF-8"?>
<layout version="1.0">
    <window x="0" y="0"/>
</layout>
}
Root {
 inputs 0
 name comp.nk
 first_frame 1001
 last_frame 1050
 format "2048 1556 0 0 2048 1556 1 2K_Super_35(full-ap)"
 onScriptLoad "print(\\"\\{ never run \\[exit]\\")"
}
"""
READ = """Read {
 inputs 0
 file_type exr
 file in/plate.%04d.exr
 first 1001
 last 1004
 origset true
 name Read1
 xpos 10
}
"""
OURS = """OFXorg.interneg.denoisesr_v1 {
 strength 0.5
 scale 2
 noise_auto false
 noise {7.5}
 fidelity_lock true
 name DenoiseSR1
 label "\\[value noise]"
 selected true
 xpos -40
}
"""
WRITE = """Write {
 file out/made.%04d.exr
 file_type exr
 name Write1
}
"""
BOTH = "set N [stack 0]\n" + WRITE + "push $N\n" + WRITE.replace("Write1", "Write2")


def ours(**knobs: str) -> str:
    lines = "".join(f" {name} {value}\n" for name, value in knobs.items())
    return f"OFXorg.interneg.denoisesr_v1 {{\n{lines} name DenoiseSR1\n}}\n"


# Nuke: what is right


def test_a_whole_script_is_one_render(looked: Callable[..., ScriptRender], tmp_path: Path) -> None:
    found = looked(HEAD + READ + OURS + WRITE)
    (node,) = found.recipe.nodes
    assert node.name == "denoise-sr"
    assert node.knobs == {
        **NODES["denoise-sr"]().knobs, "strength": 0.5, "scale": "2", "noise": 7.5, "fidelity_lock": True,
    }  # fmt: skip
    assert found.input == str(tmp_path / "in/plate.%04d.exr")
    assert found.output == str(tmp_path / "out/made.%04d.exr")
    assert found.frames == "1001-1004"
    assert found.recipe.input_space is None
    assert found.summary == "renders DenoiseSR1 from Read1 to Write1"


@pytest.mark.parametrize(
    ("knobs", "noise"),
    [
        ({}, "auto"),
        ({"noise": "12"}, "auto"),  # the number is there, and greyed out
        ({"noise_auto": "true", "noise": "12"}, "auto"),
        ({"noise_auto": "false", "noise": "12"}, 12.0),
        ({"noise_auto": "false"}, 0.0),
        ({"noise_auto": "false", "noise": "{{curve x1001 4.5}}"}, 4.5),
        ({"noise_auto": "false", "noise": "{{curve i 4.5}}"}, 4.5),
        ({"noise_auto": "false", "noise": "{{4.5}}"}, 4.5),
        ({"noise_auto": "false", "noise": '"4.5"'}, 4.5),
    ],
)
def test_auto_and_number_are_one_knob(
    looked: Callable[..., ScriptRender], knobs: dict[str, str], noise: float | str
) -> None:
    assert looked(READ + ours(**knobs) + WRITE).recipe.nodes[0].knobs["noise"] == noise


def test_the_stack_is_followed_through_dots_and_disabled_nodes(looked: Callable[..., ScriptRender]) -> None:
    script = """Roto {
 inputs 0
 name Roto1
}
set Nmask [stack 0]
Read {
 inputs 0
 file "/shots/a b/plate.####.exr"
 name Read1
}
set N1 [stack 0]
Dot {
 name Dot1
}
Grade {
 inputs 1+1
 white 2
 disable true
 name Grade1
}
OFXorg.interneg.denoisesr_v1 {
 name First
}
set N2 [stack 0]
push $N1
Blur {
 size {{curve x1 0 x10 20}}
 name Blur1
}
push $N2
OFXorg.interneg.denoisesr_v1 {
 scale 4
 name DenoiseSR1
}
Dot {
 name Dot2
}
Write {
 file /out/made.####.exr
 name Write1
}
push $N2
Write {
 file /out/other.####.exr
 name Write2
}
"""
    found = looked(script)
    assert [n.knobs["scale"] for n in found.recipe.nodes] == ["1", "4"]
    assert (found.input, found.output) == ("/shots/a b/plate.####.exr", "/out/made.####.exr")
    assert found.frames is None
    assert looked(script, "First").output == "/out/other.####.exr"


def test_a_mask_is_the_last_input(looked: Callable[..., ScriptRender], tmp_path: Path) -> None:
    mask = "Read {\n inputs 0\n file matte.%04d.exr\n name Read9\n}\n"
    masked = ours(inputs="1+1", use_mask="true")
    assert looked(mask + READ + masked + WRITE).recipe.inputs == {"mask": str(tmp_path / "matte.%04d.exr")}
    assert not looked(mask + READ + masked + WRITE, given=("mask",)).recipe.inputs
    unused = ours(inputs="1+1")
    assert not looked(mask + READ + unused + WRITE).recipe.inputs
    roto = mask.replace("Read {", "Roto {").replace("Read9", "Roto1")
    with pytest.raises(
        UsageError, match=r"DenoiseSR1 gets its picture from Roto1 \(Roto\).*give it as --mask"
    ):
        looked(roto + READ + masked + WRITE)


@pytest.mark.parametrize(("inputs", "masked"), [("2", False), ("2+1", True), ("3", True)])
def test_a_matte_is_the_input_behind_the_source(
    looked: Callable[..., ScriptRender], tmp_path: Path, inputs: str, masked: bool
) -> None:
    matte = "Read {\n inputs 0\n file found.%04d.exr\n name Read8\n}\n"
    mask = "Read {\n inputs 0\n file mask.%04d.exr\n name Read9\n}\n" if masked else ""
    node = ours(inputs=inputs, use_mask=str(masked).lower(), matte="add")
    node = node.replace("denoisesr", "scratchinpaint")
    # The last on the stack is the first input; a mask that is told apart comes last, else before the matte.
    script = matte + mask + READ if inputs == "3" else mask + matte + READ
    found = looked(script + node + WRITE).recipe
    wanted = {"matte": str(tmp_path / "found.%04d.exr")}
    assert found.inputs == wanted | ({"mask": str(tmp_path / "mask.%04d.exr")} if masked else {})
    assert found.nodes[0].knobs["matte"] == "add"
    unused = node.replace(" matte add\n", "")
    assert "matte" not in looked(script + unused + WRITE).recipe.inputs
    plain = ours(inputs=inputs, use_mask=str(masked).lower())  # a node that takes no matte
    assert "matte" not in looked(script + plain + WRITE).recipe.inputs


def test_nodes_that_differ_in_their_mask_are_refused(looked: Callable[..., ScriptRender]) -> None:
    mask = "Read {\n inputs 0\n file matte.%04d.exr\n name Read9\n}\n"
    first = ours(inputs="1+1", use_mask="true").replace("DenoiseSR1", "First")
    with pytest.raises(
        RecipeError, match=r"differ in their mask \(First .*matte.%04d.exr, DenoiseSR1 none\)"
    ):
        looked(mask + READ + first + ours() + WRITE)


def test_a_switch_of_another_node_that_changes_is_the_host_s(looked: Callable[..., ScriptRender]) -> None:
    other = WRITE.replace("Write1", "Write2")
    unsure = "Grade {\n disable {{\\$gui}}\n name G\n}\n"
    assert looked(READ + OURS + "set N [stack 0]\n" + WRITE + "push $N\n" + unsure + other).output
    with pytest.raises(UsageError, match=r"picture from G \(Grade\)"):
        looked(READ + unsure + OURS + WRITE)


def test_a_node_in_a_group_is_found_by_its_own_or_its_whole_name(looked: Callable[..., ScriptRender]) -> None:
    script = f"{READ}Group {{\n name Clean\n}}\n Input {{\n inputs 0\n name Input1\n }}\n{OURS}"
    script += " Output {\n name Output1\n }\nend_group\n" + WRITE
    for name in ("DenoiseSR1", "Clean.DenoiseSR1"):
        found = looked(script, name, output="made.####.exr")
        assert found.input.endswith("in/plate.%04d.exr")
        assert found.output == "made.####.exr"
    with pytest.raises(UsageError, match=r"several nodes 'DenoiseSR1'.*Clean.DenoiseSR1, Other.DenoiseSR1"):
        looked(script + script.replace("Clean", "Other").replace("Read1", "Read2"))


def test_two_nodes_of_one_name_are_told_apart(looked: Callable[..., ScriptRender]) -> None:
    script = READ + READ.replace("plate", "other") + ours() + WRITE
    assert looked(script).input.endswith("other.%04d.exr")
    with pytest.raises(UsageError, match="several nodes 'DenoiseSR1'"):
        looked(READ + ours() + ours() + WRITE)


def test_clones_share_what_they_do_not_set_themselves(looked: Callable[..., ScriptRender]) -> None:
    script = f"{READ}clone node1f|DenoiseSR1|9 {OURS}set C1 [stack 0]\n{READ.replace('Read1', 'Read2')}"
    script += "clone $C1 {\n strength 1\n name DenoiseSR2\n}\n" + WRITE
    knobs = looked(script, "DenoiseSR2").recipe.nodes[0].knobs
    assert (knobs["strength"], knobs["noise"]) == (1.0, 7.5)


def test_user_knobs_are_the_user_s(looked: Callable[..., ScriptRender]) -> None:
    added = {"addUserKnob": "{7 strenght l Strenght}", "strenght": "3"}
    assert looked(READ + ours(**added) + WRITE).recipe.nodes[0] == NODES["denoise-sr"]()


def test_groups_of_knobs_are_the_host_s(looked: Callable[..., ScriptRender]) -> None:
    assert looked(READ + ours(group_box="1") + WRITE).recipe.nodes[0] == NODES["denoise-sr"]()


def test_given_clips_come_before_those_of_the_script(looked: Callable[..., ScriptRender]) -> None:
    found = looked(
        HEAD + "Grade {\n inputs 0\n name Grade1\n}\n" + OURS, input="a.####.exr", output="b.####.exr"
    )
    assert (found.input, found.output, found.frames) == ("a.####.exr", "b.####.exr", "1001-1050")


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


@pytest.mark.parametrize(
    ("curve", "values"),
    [
        ("L x1 0 x5 1 x9 0.5", {0: 0, 1: 0, 2: 0.25, 5: 1, 7: 0.75, 9: 0.5, 99: 0.5}),
        ("K x1 0.5 x5 1", {0: 0.5, 4: 0.5, 5: 1, 6: 1}),
        ("i L x1 0 x5 1 K x6 0.5 x20 0", {3: 0.5, 6: 0.5, 19: 0.5, 20: 0}),
        ("x1 0.5 1 0.25", {1: 0.5, 2: 1, 3: 0.25, 4: 0.25}),  # one key a frame, of any kind
        ("x1 1 x5 1 x6 0", {1: 1, 4: 1, 6: 0}),
    ],
)
def test_an_animated_number_is_followed(
    looked: Callable[..., ScriptRender], curve: str, values: dict[int, float]
) -> None:
    (node,) = looked(READ + ours(detail=f"{{{{curve {curve}}}}}") + WRITE).recipe.nodes
    assert {n: node.at(n).knobs["detail"] for n in values} == values


def test_frames_of_a_movie_are_not_those_of_a_curve(looked: Callable[..., ScriptRender]) -> None:
    movie = READ.replace("in/plate.%04d.exr", "in/plate.mov")
    with pytest.raises(UsageError, match=r"DenoiseSR1 is animated, and .*plate\.mov is a movie"):
        looked(movie + ours(detail="{{curve L x1 0 x9 1}}") + WRITE)


# Nuke: what is refused


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        (
            {"detail": "{{curve x1001 0.5 x1010 1}}"},
            r"DenoiseSR1.detail is animated over frames 1001 to 1010 in curves that Nuke alone can draw "
            r"\(make its keys linear or constant there\),",
        ),
        ({"detail": "{{curve L x1 0.5 S x9 1}}"}, r"detail is animated over frames 1 to 9 in curves that"),
        ({"detail": "{{curve R x1 1 x9 1 x20 0}}"}, r"curves that Nuke alone can draw"),
        ({"detail": "{{curve L x1 0.5 s0.1 x9 1}}"}, r"curves that Nuke alone can draw"),
        ({"detail": "{{curve L l x1 0 x9 1}}"}, r"curves that Nuke alone can draw"),
        ({"detail": "{{curve L x9 0.5 x1 1}}"}, r"curves that Nuke alone can draw"),
        ({"detail": "{{curve L x1 0 x9 2}}"}, r"detail' is a number from 0 to 1, not '?2"),
        ({"fidelity_lock": "{{curve K x1 0 x9 1}}"}, r"fidelity_lock is animated over frames 1 to 9,"),
        ({"detail": '{{"frame / 100" x1 1}}'}, r"detail is set by the expression '.*frame / 100"),
        ({"detail": "{{parent.Blur1.size}}"}, r"detail is set by the expression 'parent.Blur1.size'"),
        ({"scale": "{{curve x1 1}}"}, r"DenoiseSR1.scale is animated"),
        ({"strenght": "1"}, r"has a knob 'strenght' \(did you mean 'strength'\?\), which denoise-sr has not"),
        (
            {"invert_mask": "true"},
            r"has a knob 'invert_mask'.*, which denoise-sr has not; .* or be the host's",
        ),
        ({"useLifetime": "true"}, r"has a knob 'useLifetime'"),
        ({"detail": "2"}, r"DenoiseSR1: knob 'denoise-sr.detail' is a number from 0 to 1, not '2'"),
        ({"scale": "3"}, r"one of 1, 2, 4, not '3'"),
        ({"disable": "true"}, r"DenoiseSR1 is disabled"),
        ({"disable": "{{\\$gui}}"}, r"DenoiseSR1.disable is set by the expression"),
        ({"input_space": "ACEScct"}, r"Read1 makes its picture scene_linear.*takes it for 'ACEScct'"),
        ({"input_space": "ACEScctt"}, r"'ACEScctt' is no colour space.*did you mean"),
    ],
)
def test_what_a_recipe_cannot_say_is_refused(
    looked: Callable[..., ScriptRender], knobs: dict[str, str], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        looked(READ + ours(**knobs) + WRITE)
    assert "comp.nk: " in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("script", "name", "says"),
    [
        (OURS + WRITE, "DenoiseSR1", r"nothing is connected to DenoiseSR1: give INPUT"),
        (
            READ + "Grade {\n name G\n}\n" + OURS + WRITE,
            "DenoiseSR1",
            r"picture from G \(Grade\), which only",
        ),
        (READ + OURS, "DenoiseSR1", r"no Write takes DenoiseSR1 as it is"),
        (READ + OURS + "Grade {\n name G\n}\n" + WRITE, "DenoiseSR1", r"no Write takes"),
        (READ + OURS + BOTH, "DenoiseSR1", r"several Writes take DenoiseSR1, Write1, Write2: give"),
        (
            READ + OURS + WRITE,
            "DenoiseSr1",
            r"no node 'DenoiseSr1' \(did you mean 'DenoiseSR1'\?\); the nodes",
        ),
        (READ + OURS + WRITE, "Read1", r"Read1 \(Read\) is no node of Interneg"),
        (READ + OURS + WRITE, None, r"say with --node.*in it: DenoiseSR1"),
        (READ + OURS.replace("_v1", "_v2") + WRITE, "DenoiseSR1", r"version 2 of its plugin, here is 1"),
        (READ + OURS.replace("denoisesr", "denoise") + WRITE, "DenoiseSR1", r"did you mean 'DenoiseSR'\?"),
        (READ.replace("in/plate", "\\[getenv P]/a") + OURS + WRITE, "DenoiseSR1", r"only its host can tell"),
        (READ.replace("origset", "frame -10\n o") + OURS + WRITE, "DenoiseSR1", r"Read1 shifts its frames"),
    ],
)
def test_what_cannot_be_followed_is_named(
    looked: Callable[..., ScriptRender], script: str, name: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        looked(script, name)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("", "no node in it"),
        ("Grade {\n name G\n", r"line 1: a { is never closed"),
        ('Grade {\n name "G\n}\n', r'line 2: a " is never closed'),
        ("version 15\n\nset N [stack 0\n", r"line 3: a \[ is never closed"),
        ("Grade {\n}x\n", r"a word ends before 'x'"),
        ("end_group\n", "ends no group"),
        ("Group {\n name G\n}\nGrade {\n}\n", "cut short: its group G has no end"),
        ("hello world\n", r"'hello' is no command"),
        ("Grade {\n inputs many\n}\n", "'many' inputs"),
        ("Grade {\n}\n\\", "ends in the middle"),
    ],
)
def test_a_malformed_script_is_said_to_be(
    looked: Callable[..., ScriptRender], script: str, says: str
) -> None:
    with pytest.raises(RecipeError, match=says):
        looked(script)


def test_a_script_that_cannot_be_read_is_said_to_be(tmp_path: Path, colour: Colour) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        find(str(tmp_path / "none.nk"), "A", NODES, colour)
    (tmp_path / "binary.nk").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="no command of a Nuke script"):
        find(str(tmp_path / "binary.nk"), "A", NODES, colour)


def test_notes_and_names_of_files_in_any_encoding_are_read(tmp_path: Path, colour: Colour) -> None:
    script = (HEAD + READ + OURS + WRITE).replace("in/plate", "f\udcfcr/plate")
    note = 'StickyNote {\n name Note1\n label "caf\udce9"\n}\n'
    (tmp_path / "comp.nk").write_bytes((script + note).encode("utf-8", "surrogateescape"))
    found = find(str(tmp_path / "comp.nk"), "DenoiseSR1", NODES, colour)
    assert found.input == str(tmp_path / "f\udcfcr/plate.%04d.exr")


# The tokenizer


@settings(max_examples=600)
@given(st.text('{}[]"\\ \n;#$aG01+.x', max_size=60))
def test_no_text_can_upset_the_reader(text: str) -> None:
    for script in (text, HEAD + text, f"Grade {{\n{text}\n}}\n", f"A {{\n k {{{text}}}\n}}\n"):
        try:
            made = nuke_script.read(script)
        except RecipeError:
            continue
        assert made.nodes


@given(st.binary(max_size=200))
def test_no_bytes_can_upset_the_reader(raw: bytes) -> None:
    for read in (nuke_script.read, natron_project.read):
        try:
            read(raw.decode("latin-1"))
        except RecipeError:
            continue


@pytest.mark.parametrize(
    "part", ["{", "[", '"', "\\", "{{", "a{ ", 'a "\\', "#\\\n", "x [", "G {\n}\n", "set N [stack 0]\n"]
)
def test_a_long_script_is_read_to_its_end(part: str) -> None:
    with contextlib.suppress(RecipeError):
        nuke_script.read(part * 20_000)


def test_every_cut_of_a_script_is_read_or_refused(looked: Callable[..., ScriptRender]) -> None:
    whole = READ + OURS + WRITE
    for end in range(0, len(whole), 3):
        try:
            looked(whole[:end])
        except UsageError:
            continue
        assert end > len(READ + OURS)


def test_a_curve_without_keys_is_no_number() -> None:
    read = nuke_script.read("G {\n k {{curve}}\n}\n").nodes["G"].settings["k"]
    assert read == Varying("set by a curve without keys")


# The command


def render(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])


def test_the_command_renders_a_script(plate: Callable[..., str], tmp_path: Path) -> None:
    pattern = plate(range(1001, 1005))
    script = tmp_path / "comp.nk"
    script.write_text(HEAD + READ + ours(noise_auto="false", noise="10") + WRITE)
    made = render(script, "--node", "DenoiseSR1", "--frames", "1002-1003")
    assert made.exit_code == 0, made.output
    assert "renders DenoiseSR1 from Read1 to Write1" in made.output
    plain = str(tmp_path / "plain" / "made.####.exr")
    assert render("denoise-sr:noise=10", pattern, plain, "--frames", "1002-1003").exit_code == 0
    one, other = open_clip(str(tmp_path / "out" / "made.####.exr")), open_clip(plain)
    assert list(one.numbers) == [1002, 1003]
    for number in one.numbers:
        np.testing.assert_array_equal(one.read(number).pixels, other.read(number).pixels)


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    made = render("denoise-sr:noise=10", "a.####.exr")
    assert (made.exit_code, "OUTPUT is missing" in made.stderr) == (2, True)
    made = render("denoise-sr", "a.exr", "b.exr", "--node", "X")
    assert (made.exit_code, "--node is for Nuke scripts" in made.stderr) == (2, True)
    (tmp_path / "bad.nk").write_text("Grade {")
    made = render(tmp_path / "bad.nk", "--node", "X")
    assert made.exit_code == 2
    assert "line 1" in made.stderr


@pytest.mark.parametrize(
    ("datatype", "depth"),
    [
        ("", None),
        ("16 bit half", "half"),
        ("32 bit float", "float"),
        ("10 bit", "uint10"),
        ("8 bit", "uint8"),
    ],
)
def test_the_depth_of_nuke_s_write_is_the_output_s(
    looked: Callable[..., ScriptRender], datatype: str, depth: str | None
) -> None:
    write = WRITE.replace("Write {\n", f'Write {{\n datatype "{datatype}"\n') if datatype else WRITE
    assert looked(READ + OURS + write).recipe.depth == depth
