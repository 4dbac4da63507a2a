"""What a render takes out of a Nuke script: the nodes on the way, their knobs, clips and frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interneg.colour import Colour
from interneg.errors import UsageError
from interneg.nodes import NODES
from interneg.plugin.scripts.find import ScriptRender, find
from tests.plugin.scripts.nuke_comps import HEAD, OURS, READ, WRITE, ours


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


def test_notes_and_names_of_files_in_any_encoding_are_read(tmp_path: Path, colour: Colour) -> None:
    script = (HEAD + READ + OURS + WRITE).replace("in/plate", "f\udcfcr/plate")
    note = 'StickyNote {\n name Note1\n label "caf\udce9"\n}\n'
    (tmp_path / "comp.nk").write_bytes((script + note).encode("utf-8", "surrogateescape"))
    found = find(str(tmp_path / "comp.nk"), "DenoiseSR1", NODES, colour)
    assert found.input == str(tmp_path / "f\udcfcr/plate.%04d.exr")


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
