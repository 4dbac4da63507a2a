"""Renders after a person changed the files of an analysis: what sees a change is rendered again, no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.cli.analysed_shots import pictures, shoot, well

NUMBERS = range(1001, 1010)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shoot(tmp_path_factory.mktemp("clip"), 4, NUMBERS, (60, 80))


def moved(facts: dict[str, Any]) -> None:
    facts["correction"]["dx"] += 3


def brighter(facts: dict[str, Any]) -> None:
    facts["correction"]["exposure"] += 0.3


def left(facts: dict[str, Any]) -> None:
    facts["use"] = False


def noted(facts: dict[str, Any]) -> None:
    facts["note"] = "looked at"


def used(facts: dict[str, Any]) -> None:
    facts["use"] = True


@pytest.mark.parametrize(
    ("recipe", "change", "again"),
    [
        ("stabilise", moved, {1005}),
        ("stabilise", left, {1005}),
        ("stabilise", noted, set()),
        ("stabilise", used, set()),
        ("stabilise:edges=crop,smoothing=1", moved, {*NUMBERS}),  # and three beside, for cuts
        ("deflicker", brighter, {1005}),
        ("deflicker", left, {1005}),
        ("deflicker", noted, set()),
    ],
)
def test_frames_that_see_a_change_are_rendered_again(
    clip: str, tmp_path: Path, recipe: str, change: Callable[[dict[str, Any]], None], again: set[int]
) -> None:
    folder, out = tmp_path / "shot.analysis", tmp_path / "out" / "o.####.exr"
    well("analyse", recipe, clip, folder)
    render = "render", recipe, clip, out, "--analysis", folder
    well(*render)
    before = {p.name: p.stat().st_mtime_ns for p in out.parent.iterdir()}
    path = folder / f"{recipe.partition(':')[0]}.json"
    data = json.loads(path.read_text())
    change(data["frames"]["1005"])
    path.write_text(json.dumps(data))
    well(*render)
    after = {p.name: p.stat().st_mtime_ns for p in out.parent.iterdir()}
    assert {n for n in after if after[n] != before[n] and n.endswith(".exr")} == {f"o.{n}.exr" for n in again}
    whole = tmp_path / "whole" / "o.####.exr"
    well("render", recipe, clip, whole, "--analysis", folder)
    assert pictures(out.parent) == pictures(whole.parent)
