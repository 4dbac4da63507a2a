from __future__ import annotations

import contextlib
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from interneg.colour import Colour
from interneg.colour.spaces import BUILT_IN
from interneg.errors import ColourError, RecipeError, UsageError
from interneg.io import open_clip
from interneg.nodes import NODES
from interneg.plugin.batch import natron_project, nuke_script
from interneg.plugin.batch.hostfile import Varying
from interneg.plugin.batch.scripts import Found, find
from interneg.plugin.cli.main import app

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


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


@pytest.fixture
def looked(tmp_path: Path, colour: Colour) -> Callable[..., Found]:
    def look(text: str, name: str | None = "DenoiseSR1", suffix: str = ".nk", **facts: Any) -> Found:
        path = tmp_path / f"comp{suffix}"
        path.write_text(text, encoding="utf-8")
        return find(str(path), name, NODES, colour, **facts)

    return look


def ours(**knobs: str) -> str:
    lines = "".join(f" {name} {value}\n" for name, value in knobs.items())
    return f"OFXorg.interneg.denoisesr_v1 {{\n{lines} name DenoiseSR1\n}}\n"


# Nuke: what is right


def test_a_whole_script_is_one_render(looked: Callable[..., Found], tmp_path: Path) -> None:
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
    assert found.said == "renders DenoiseSR1 from Read1 to Write1"


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
    looked: Callable[..., Found], knobs: dict[str, str], noise: float | str
) -> None:
    assert looked(READ + ours(**knobs) + WRITE).recipe.nodes[0].knobs["noise"] == noise


def test_the_stack_is_followed_through_dots_and_disabled_nodes(looked: Callable[..., Found]) -> None:
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


def test_a_mask_is_the_last_input(looked: Callable[..., Found], tmp_path: Path) -> None:
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


def test_nodes_that_differ_in_their_mask_are_refused(looked: Callable[..., Found]) -> None:
    mask = "Read {\n inputs 0\n file matte.%04d.exr\n name Read9\n}\n"
    first = ours(inputs="1+1", use_mask="true").replace("DenoiseSR1", "First")
    with pytest.raises(
        RecipeError, match=r"differ in their mask \(First .*matte.%04d.exr, DenoiseSR1 none\)"
    ):
        looked(mask + READ + first + ours() + WRITE)


def test_a_switch_of_another_node_that_changes_is_the_host_s(looked: Callable[..., Found]) -> None:
    other = WRITE.replace("Write1", "Write2")
    unsure = "Grade {\n disable {{\\$gui}}\n name G\n}\n"
    assert looked(READ + OURS + "set N [stack 0]\n" + WRITE + "push $N\n" + unsure + other).output
    with pytest.raises(UsageError, match=r"picture from G \(Grade\)"):
        looked(READ + unsure + OURS + WRITE)


def test_a_node_in_a_group_is_found_by_its_own_or_its_whole_name(looked: Callable[..., Found]) -> None:
    script = f"{READ}Group {{\n name Clean\n}}\n Input {{\n inputs 0\n name Input1\n }}\n{OURS}"
    script += " Output {\n name Output1\n }\nend_group\n" + WRITE
    for name in ("DenoiseSR1", "Clean.DenoiseSR1"):
        found = looked(script, name, output="made.####.exr")
        assert found.input.endswith("in/plate.%04d.exr")
        assert found.output == "made.####.exr"
    with pytest.raises(UsageError, match=r"several nodes 'DenoiseSR1'.*Clean.DenoiseSR1, Other.DenoiseSR1"):
        looked(script + script.replace("Clean", "Other").replace("Read1", "Read2"))


def test_two_nodes_of_one_name_are_told_apart(looked: Callable[..., Found]) -> None:
    script = READ + READ.replace("plate", "other") + ours() + WRITE
    assert looked(script).input.endswith("other.%04d.exr")
    with pytest.raises(UsageError, match="several nodes 'DenoiseSR1'"):
        looked(READ + ours() + ours() + WRITE)


def test_clones_share_what_they_do_not_set_themselves(looked: Callable[..., Found]) -> None:
    script = f"{READ}clone node1f|DenoiseSR1|9 {OURS}set C1 [stack 0]\n{READ.replace('Read1', 'Read2')}"
    script += "clone $C1 {\n strength 1\n name DenoiseSR2\n}\n" + WRITE
    knobs = looked(script, "DenoiseSR2").recipe.nodes[0].knobs
    assert (knobs["strength"], knobs["noise"]) == (1.0, 7.5)


def test_user_knobs_are_the_user_s(looked: Callable[..., Found]) -> None:
    added = {"addUserKnob": "{7 strenght l Strenght}", "strenght": "3"}
    assert looked(READ + ours(**added) + WRITE).recipe.nodes[0] == NODES["denoise-sr"]()


def test_groups_of_knobs_are_the_host_s(looked: Callable[..., Found]) -> None:
    assert looked(READ + ours(group_box="1") + WRITE).recipe.nodes[0] == NODES["denoise-sr"]()


def test_given_clips_come_before_those_of_the_script(looked: Callable[..., Found]) -> None:
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
    looked: Callable[..., Found], read: str, knobs: dict[str, str], space: str
) -> None:
    script = READ.replace("origset true", read) + ours(**knobs) + WRITE
    assert looked(script).recipe.input_space == space


@pytest.mark.parametrize(
    ("said", "space"),
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
    looked: Callable[..., Found], colour: Colour, said: str, space: str
) -> None:
    text = READ.replace("origset true", f"colorspace {said}") + OURS + WRITE
    assert looked(text).recipe.input_space == space
    assert colour.resolve(space)


@pytest.mark.parametrize("said", ["Cineon", "SLog3", "Gamma2.6", '"Output - Rec.709"'])
def test_a_colour_name_without_an_equal_is_got_past(looked: Callable[..., Found], said: str) -> None:
    read = READ.replace("origset true", f"colorspace {said}")
    with pytest.raises(ColourError, match=r"Read1 says .* is no colour space .*; --input-space NAME gets"):
        looked(read + OURS + WRITE)
    assert looked(read + OURS + WRITE, input_space="ACEScg").recipe.input_space == "ACEScg"
    write = WRITE.replace("file_type exr", f"colorspace {said}")
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
    looked: Callable[..., Found], colour: Colour
) -> None:
    root = "Root {\n OCIO_config aces_1.2\n}\n"
    said = looked(root + READ + OURS + WRITE).said
    assert said.endswith(f"to Write1, in the colours of {colour.name}, not of the script's aces_1.2")


def test_colour_of_the_write_is_the_output_s(looked: Callable[..., Found]) -> None:
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
    looked: Callable[..., Found], curve: str, values: dict[int, float]
) -> None:
    (node,) = looked(READ + ours(detail=f"{{{{curve {curve}}}}}") + WRITE).recipe.nodes
    assert {n: node.at(n).knobs["detail"] for n in values} == values


def test_frames_of_a_movie_are_not_those_of_a_curve(looked: Callable[..., Found]) -> None:
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
    looked: Callable[..., Found], knobs: dict[str, str], says: str
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
    looked: Callable[..., Found], script: str, name: str, says: str
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
def test_a_malformed_script_is_said_to_be(looked: Callable[..., Found], script: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        looked(script)


def test_a_script_that_cannot_be_read_is_said_to_be(tmp_path: Path, colour: Colour) -> None:
    with pytest.raises(RecipeError, match="No such file"):
        find(str(tmp_path / "none.nk"), "A", NODES, colour)
    (tmp_path / "binary.nk").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="no UTF-8"):
        find(str(tmp_path / "binary.nk"), "A", NODES, colour)


# The tokenizer

words = st.lists(st.text(string.printable + "é", max_size=12), min_size=1, max_size=4)


@given(st.lists(words, max_size=5))
def test_what_is_quoted_comes_back(written: list[list[str]]) -> None:
    def quote(text: str) -> str:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

    script = "\n".join(" ".join(map(quote, line)) for line in written)
    assert [[w.text for w in line] for line in nuke_script.commands(script)] == written


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


def test_every_cut_of_a_script_is_read_or_refused(looked: Callable[..., Found]) -> None:
    whole = READ + OURS + WRITE
    for end in range(0, len(whole), 3):
        try:
            looked(whole[:end])
        except UsageError:
            continue
        assert end > len(READ + OURS)


# Natron


def xml_knob(
    name: str, value: str, *, expression: str = "", label: str = "", curve: str = "", user: int = 0
) -> str:
    animated = f"<Curve class_id='20'><KeyFrameSet>{curve}</KeyFrameSet></Curve>" if curve else ""
    return (
        f"<item><Name>{name}</Name><Type>Double</Type><Dimension>1</Dimension><Secret>0</Secret>"
        f"<item><Enabled>1</Enabled><HasAnimation>{int(bool(curve))}</HasAnimation>{animated}"
        f"<Value>{escape(value)}</Value><Default>0</Default><HasMaster>0</HasMaster>"
        f"<Expression>{escape(expression)}</Expression><ExprHasRet>0</ExprHasRet></item>"
        + (f"<ChoiceLabel>{label}</ChoiceLabel>" if label else "")
        + f"<UserKnob>{user}</UserKnob></item>"
    )


def xml_node(
    name: str, plugin: str, knobs: str = "", inputs: dict[str, str] | None = None, inside: str = ""
) -> str:
    pairs = "".join(f"<item><first>{k}</first><second>{v}</second></item>" for k, v in (inputs or {}).items())
    return (
        f"<item><Plugin_label>{name}</Plugin_label><Plugin_script_name>{name}</Plugin_script_name>"
        f"<Plugin_id>{plugin}</Plugin_id><Plugin_major_version>1</Plugin_major_version>{knobs}"
        f"<Inputs_map><count>1</count><item_version>0</item_version>{pairs}</Inputs_map>"
        f"<Children>0</Children>{inside}</item>"
    )


def project(*nodes: str, doctype: str = "<!DOCTYPE boost_serialization>") -> str:
    frames = "<item><Name>frameRange</Name><item><Value>5</Value></item><item><Value>9</Value></item></item>"
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes" ?>\n{doctype}\n'
        '<boost_serialization signature="serialization::archive" version="13"><Project class_id="0">'
        f"<NodesCollection><NodesCount>3</NodesCount>{''.join(nodes)}</NodesCollection>{frames}</Project>"
        "</boost_serialization>"
    )


def xml_keys(*keys: tuple[float, ...]) -> str:
    """Keys of time, value, kind, and slopes before and behind."""
    names = ("Time", "Value", "InterpolationMethod", "LeftDerivative", "RightDerivative")
    tags = ("".join(f"<{n}>{v}</{n}>" for n, v in zip(names, key, strict=True)) for key in keys)
    return "".join(f"<item>{key}</item>" for key in tags)


KEY = "<item><Time>1</Time><Value>7.5</Value></item>"
N_READ = xml_node(
    "Read1", "fr.inria.built-in.Read",
    xml_knob("filename", "[Project]/in/plate.####.exr") + xml_knob("firstFrame", "2")
    + xml_knob("lastFrame", "4") + xml_knob("ocioInputSpace", "ACES2065-1"),
)  # fmt: skip
N_WRITE = xml_node(
    "Write1", "fr.inria.built-in.Write",
    xml_knob("filename", "/out/made.####.exr") + xml_knob("ocioOutputSpace", "ACEScg"), {"Source": "Dot1"},
)  # fmt: skip
N_DOT = xml_node("Dot1", "fr.inria.built-in.Dot", "", {"0": "DenoiseSR1"})


def natron(*knobs: str, source: str = "Read1") -> str:
    return xml_node("DenoiseSR1", "org.interneg.DenoiseSR", "".join(knobs), {"Source": source})


def test_a_natron_project_is_one_render(looked: Callable[..., Found], tmp_path: Path) -> None:
    knobs = (
        xml_knob("strength", "5.00000000000000000e-01"), xml_knob("scale", "1", label="2"),
        xml_knob("noise_auto", "0"), xml_knob("noise", "7", curve=KEY),
        xml_knob("userTextArea", "<font>"), xml_knob("Source_layer_name", ""), xml_knob("mine", "3", user=1),
    )  # fmt: skip
    found = looked(project(N_READ, natron(*knobs), N_DOT, N_WRITE), suffix=".ntp")
    assert found.recipe.nodes[0].knobs == {
        **NODES["denoise-sr"]().knobs, "strength": 0.5, "scale": "2", "noise": 7.5,
    }  # fmt: skip
    assert (found.recipe.input_space, found.recipe.output_space) == ("ACES2065-1", "ACEScg")
    assert (found.input, found.output) == (str(tmp_path / "in/plate.####.exr"), "/out/made.####.exr")
    assert found.frames == "2-4"
    given = looked(project(natron(source="")), suffix=".ntp", input="a.exr", output="b.exr")
    assert given.frames == "5-9"


def test_a_choice_without_its_name_is_a_number_from_0(looked: Callable[..., Found]) -> None:
    found = looked(project(N_READ, natron(xml_knob("scale", "1")), N_DOT, N_WRITE), suffix=".ntp")
    assert found.recipe.nodes[0].knobs["scale"] == "2"


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        (((3, 0, 1, 0, 0.2), (8, 1, 1, 0.2, 0)), {2: 0, 4: 0.2, 8: 1, 9: 1}),
        (((3, 0.5, 0, 0, 0), (8, 1, 0, 0, 0)), {3: 0.5, 7: 0.5, 8: 1}),
        (((1, 0, 2, 0, 0), (5, 1, 2, 0, 0)), {1: 0, 2: 0.15625, 3: 0.5, 5: 1}),  # 3 t^2 - 2 t^3
    ],
)
def test_keys_of_natron_are_followed(
    looked: Callable[..., Found], keys: tuple[tuple[float, ...], ...], values: dict[int, float]
) -> None:
    knob = xml_knob("detail", "1", curve=xml_keys(*keys))
    (node,) = looked(project(N_READ, natron(knob), N_DOT, N_WRITE), suffix=".ntp").recipe.nodes
    assert {n: pytest.approx(node.at(n).knobs["detail"], abs=1e-12) for n in values} == values


def test_natron_s_own_colour_names_are_known(looked: Callable[..., Found]) -> None:
    read = N_READ.replace("ACES2065-1", "Linear")
    assert looked(project(read, natron(), N_DOT, N_WRITE), suffix=".ntp").recipe.input_space == (
        "lin_rec709_scene"
    )


@pytest.mark.parametrize(
    ("knob", "says"),
    [
        (xml_knob("detail", "1", expression="frame / 10"), r"detail is set by the expression 'frame / 10'"),
        (
            xml_knob("detail", "1", curve="<item><Time>3</Time><Value>0</Value></item>"
                     "<item><Time>8</Time><Value>1</Value></item>"),
            r"detail is animated over frames 3 to 8 in a way .* that the project does not tell,",
        ),
        (
            xml_knob("detail", "1", curve=xml_keys((3, 0, 1, 0, 0.1), (8, 0.5, 1, 0.1, 0.1))),
            r"detail is animated over frames 3 to 8 in a way that goes on beyond them",
        ),
        (xml_knob("scale", "7"), r"scale' is one of 1, 2, 4, not '7'"),
        (xml_knob("details", "1"), r"a knob 'details' \(did you mean 'detail'\?\)"),
        (xml_knob("disableNode", "1"), "is disabled"),
    ],
)  # fmt: skip
def test_what_natron_says_and_a_recipe_cannot_is_refused(
    looked: Callable[..., Found], knob: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        looked(project(N_READ, natron(knob), N_DOT, N_WRITE), suffix=".ntp")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "malformed or cut short"),
        (project(N_READ)[:-40], "malformed or cut short"),
        ("<a/>", "no Natron project"),
        (project(), "has no nodes"),
        (project(N_READ, doctype='<!DOCTYPE b [<!ENTITY a "ha">]>'), "declares XML entities"),
        (project(N_READ, doctype='<!DOCTYPE b SYSTEM "x" [\n]>'), "declares XML entities"),
    ],
)
def test_a_malformed_project_is_said_to_be(looked: Callable[..., Found], text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        looked(text, suffix=".ntp")


def test_a_circle_and_endless_groups_are_refused(looked: Callable[..., Found]) -> None:
    dots = xml_node("A", "Dot", "", {"0": "B"}) + xml_node("B", "Dot", "", {"0": "A"})
    with pytest.raises(RecipeError, match="in a circle"):
        looked(project(dots, natron(source="A")), suffix=".ntp")
    with pytest.raises(RecipeError, match="its own input"):
        looked(project(natron(source="DenoiseSR1")), suffix=".ntp")
    nested = ""
    for level in range(40):
        nested = xml_node(f"G{level}", "fr.inria.built-in.Group", inside=nested)
    with pytest.raises(RecipeError, match="more than 32 deep"):
        looked(project(nested), suffix=".ntp")


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
