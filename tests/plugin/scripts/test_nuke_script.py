"""The reader of Nuke scripts: no text upsets it, however cut or long."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.errors import RecipeError, UsageError
from interneg.plugin.scripts import natron_project, nuke_script
from interneg.plugin.scripts.find import ScriptRender
from interneg.plugin.scripts.hostfile import Varying
from tests.plugin.scripts.nuke_comps import HEAD, OURS, READ, WRITE


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
