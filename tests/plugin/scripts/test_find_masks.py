"""Masks and mattes in a Nuke script: which input each is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interneg.errors import RecipeError, UsageError
from interneg.plugin.scripts.find import ScriptRender
from tests.plugin.scripts.nuke_comps import READ, WRITE, ours


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
