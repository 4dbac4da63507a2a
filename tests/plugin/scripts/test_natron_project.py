from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from interneg.errors import RecipeError, UsageError
from interneg.nodes import NODES
from interneg.plugin.scripts.find import ScriptRender


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


def test_a_natron_project_is_one_render(looked: Callable[..., ScriptRender], tmp_path: Path) -> None:
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


def test_a_choice_without_its_name_is_a_number_from_0(looked: Callable[..., ScriptRender]) -> None:
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
    looked: Callable[..., ScriptRender], keys: tuple[tuple[float, ...], ...], values: dict[int, float]
) -> None:
    knob = xml_knob("detail", "1", curve=xml_keys(*keys))
    (node,) = looked(project(N_READ, natron(knob), N_DOT, N_WRITE), suffix=".ntp").recipe.nodes
    assert {n: pytest.approx(node.at(n).knobs["detail"], abs=1e-12) for n in values} == values


def test_natron_s_own_colour_names_are_known(looked: Callable[..., ScriptRender]) -> None:
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
    looked: Callable[..., ScriptRender], knob: str, says: str
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
def test_a_malformed_project_is_said_to_be(looked: Callable[..., ScriptRender], text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        looked(text, suffix=".ntp")


def test_a_circle_and_endless_groups_are_refused(looked: Callable[..., ScriptRender]) -> None:
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


@pytest.mark.parametrize("channel", "RGBA")
def test_a_channel_that_natron_keeps_from_a_node_is_refused(
    looked: Callable[..., ScriptRender], channel: str
) -> None:
    box = xml_knob(f"NatronOfxParamProcess{channel}", "0")
    with pytest.raises(RecipeError, match=f"DenoiseSR1 has {channel} unticked"):
        looked(project(N_READ, natron(box), N_DOT, N_WRITE), suffix=".ntp")
    write = N_WRITE.replace("<Inputs_map>", box + "<Inputs_map>")
    with pytest.raises(RecipeError, match=f"Write1 has {channel} unticked"):
        looked(project(N_READ, natron(), N_DOT, write), suffix=".ntp")
    ticked = natron(xml_knob(f"NatronOfxParamProcess{channel}", "1"))
    assert looked(project(N_READ, ticked, N_DOT, N_WRITE), suffix=".ntp").recipe.nodes


@pytest.mark.parametrize(
    ("knobs", "used"),
    [
        ((), True),
        ((xml_knob("enableMask_Mask", "1"),), True),
        ((xml_knob("enableMask_Mask", "0"),), False),
        ((xml_knob("maskChannel_Mask", "0", label="None"),), False),
        ((xml_knob("maskChannel_Mask", "0"),), False),
        ((xml_knob("maskChannel_Mask", "4", label="RGBA.A"),), True),
        ((xml_knob("maskChannel_Mask", "4"),), True),
    ],
)
def test_a_mask_counts_where_natron_s_box_says_so(
    looked: Callable[..., ScriptRender], knobs: tuple[str, ...], used: bool
) -> None:
    mask = xml_node("Read2", "fr.inria.built-in.Read", xml_knob("filename", "/in/mask.####.exr"))
    inputs = {"Source": "Read1", "Mask": "Read2"}
    node = xml_node(
        "DenoiseSR1", "org.interneg.DenoiseSR", "".join((xml_knob("use_mask", "1"), *knobs)), inputs
    )
    found = looked(project(N_READ, mask, node, N_DOT, N_WRITE), suffix=".ntp").recipe
    assert found.inputs == ({"mask": "/in/mask.####.exr"} if used else {})


@pytest.mark.parametrize(
    "knob", [xml_knob("maskChannel_Mask", "1", label="RGBA.R"), xml_knob("maskChannel_Mask", "2")]
)
def test_a_mask_out_of_another_channel_is_refused(looked: Callable[..., ScriptRender], knob: str) -> None:
    node = natron(xml_knob("use_mask", "1"), knob)
    with pytest.raises(RecipeError, match=r"takes its mask from the channel (RGBA\.R|G); .* give --mask"):
        looked(project(N_READ, node, N_DOT, N_WRITE), suffix=".ntp")
    assert looked(project(N_READ, node, N_DOT, N_WRITE), suffix=".ntp", given=("mask",)).recipe.nodes


@pytest.mark.parametrize(
    ("knob", "depth"),
    [
        (xml_knob("bitDepth", "0", label="auto"), None),
        (xml_knob("bitDepth", "5", label="16f"), "half"),
        (xml_knob("bitDepth", "7"), "float"),
        (xml_knob("bitDepth", "2", label="10i"), "uint10"),
        (xml_knob("bitDepth", "4", label="16i"), "uint16"),
    ],
)
def test_the_depth_of_natron_s_write_is_the_output_s(
    looked: Callable[..., ScriptRender], knob: str, depth: str | None
) -> None:
    write = N_WRITE.replace("<Inputs_map>", knob + "<Inputs_map>")
    script = project(N_READ, natron(), N_DOT, write)
    assert looked(script, suffix=".ntp").recipe.depth == depth
    assert looked(script, suffix=".ntp", output="/out/mine.####.exr").recipe.depth is None


def test_a_depth_that_is_not_written_here_is_refused(looked: Callable[..., ScriptRender]) -> None:
    knob = xml_knob("bitDepth", "6", label="32i")
    write = N_WRITE.replace("<Inputs_map>", knob + "<Inputs_map>")
    with pytest.raises(RecipeError, match="Write1 stores samples as '32i', which is not written here"):
        looked(project(N_READ, natron(), N_DOT, write), suffix=".ntp")
