"""What a render cannot take out of a Nuke script: refused by name, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interneg.colour import Colour
from interneg.errors import RecipeError, UsageError
from interneg.nodes import NODES
from interneg.plugin.scripts.find import ScriptRender, find
from tests.plugin.scripts.nuke_comps import BOTH, OURS, READ, WRITE, ours


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
