from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from interneg.errors import KnobError, RecipeError
from interneg.recipe import Recipe

TOML = """
[colour]
input = "ACEScg"
output = "ACES2065-1"

[inputs]
mask = "mask.%04d.exr"

[output]
depth = "half"

[[node]]
name = "temporal-mean"
radius = 2

[[node]]
name = "temporal-mean"
strength = 0.5
"""


@pytest.fixture
def types(temporal_mean: Any) -> dict[str, Any]:
    return {temporal_mean.name: temporal_mean}


def test_toml_and_line_say_the_same(types: dict[str, Any]) -> None:
    toml = Recipe.from_toml(TOML, types)
    line = Recipe.from_line(" temporal-mean:radius=2 | temporal-mean: strength=0.5 ,", types)
    assert toml.nodes == line.nodes
    assert (toml.input_space, toml.output_space) == ("ACEScg", "ACES2065-1")
    assert toml.inputs == {"mask": "mask.%04d.exr"}
    assert toml.depth == "half"
    assert [n.knobs["radius"] for n in toml.nodes] == [2, 3]


def test_a_setting_changes_every_node_of_that_name(types: dict[str, Any]) -> None:
    recipe = Recipe.from_toml(TOML, types).with_setting("temporal-mean.gain=2")
    assert [n.knobs["gain"] for n in recipe.nodes] == [2.0, 2.0]
    assert [n.knobs["radius"] for n in recipe.nodes] == [2, 3]


def test_a_lone_bool_knob_is_true(types: dict[str, Any]) -> None:
    recipe = Recipe.from_line("temporal-mean:synthesis,radius=2", types)
    assert recipe.nodes == Recipe.from_line("temporal-mean:synthesis=true,radius=2", types).nodes
    assert Recipe.from_line("temporal-mean:radius=2", types).with_setting("temporal-mean.synthesis") == recipe


def test_a_knob_may_change_over_time(types: dict[str, Any]) -> None:
    toml = "[[node]]\nname = 'temporal-mean'\nstrength = { 1001 = 0.0, 1005 = 1 }\n"
    (node,) = Recipe.from_toml(toml, types).nodes
    assert [node.at(n).strength for n in (1000, 1001, 1002, 1005, 1006)] == [0, 0, 0.25, 1, 1]
    assert node.at(1002).knobs == {**types["temporal-mean"]().knobs, "strength": 0.25}
    other = Recipe.from_toml(toml.replace("1005", "1006"), types)
    assert len({Recipe((n,)).identity for n in (node, node.at(1005), *other.nodes)}) == 3
    changed = Recipe((node,)).with_setting("temporal-mean.radius=2").nodes[0]
    assert changed.knobs == {**node.knobs, "radius": 2}
    plain = types["temporal-mean"]()
    assert plain.at(1001) is plain


def test_inputs_lie_beside_the_file_that_names_them(types: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "shot").mkdir()
    path = tmp_path / "shot" / "restore.toml"
    path.write_text(TOML)
    assert Recipe.from_file(path, types).inputs == {"mask": str(tmp_path / "shot" / "mask.%04d.exr")}
    path.write_text(TOML.replace("mask.%04d.exr", "/mattes/m.exr"))
    assert Recipe.from_file(path, types).inputs == {"mask": "/mattes/m.exr"}
    with pytest.raises(RecipeError, match=r"none\.toml cannot be read"):
        Recipe.from_file(tmp_path / "none.toml", types)


def test_the_identity_changes_with_all_that_changes_the_picture(types: dict[str, Any]) -> None:
    lines = ("temporal-mean", "temporal-mean:radius=2", "temporal-mean|temporal-mean")
    recipes = [Recipe.from_line(line, types) for line in lines]
    recipes += [Recipe(recipes[0].nodes, "ACEScg"), Recipe(recipes[0].nodes, None, "ACEScg")]
    recipes += [Recipe(recipes[0].nodes, depth="half")]
    assert len({r.identity for r in recipes}) == len(recipes)
    spelt_out = Recipe.from_line("temporal-mean:gain=1.0,radius=3", types)
    assert spelt_out.identity == recipes[0].identity
    newer = type("Newer", (types["temporal-mean"],), {"version": 2})
    assert Recipe((newer(),)).identity != recipes[0].identity


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[node]\n", "not valid TOML"),
        ("", "no nodes"),
        ("node = 3", "no nodes"),
        ("[node]\nname = 'x'", "no nodes"),
        ("[[node]]\nradius = 1", "has no name; known are temporal-mean"),
        ("[[node]]\nname = 'temporal-maen'", "no node 'temporal-maen' (did you mean 'temporal-mean'?)"),
        ("[[nodes]]\nname = 'temporal-mean'", "unknown entry 'nodes' (did you mean 'node'?)"),
        ("colour = 3\n[[node]]\nname='temporal-mean'", "[colour] is a table of texts"),
        ("[colour]\nimput = 'x'\n[[node]]\nname='temporal-mean'", "'imput' (did you mean 'input'?)"),
        ("[output]\ndepth = '8bit'\n[[node]]\nname='temporal-mean'", "no depth '8bit'"),
        ("[inputs]\nplate = 'x'\n[[node]]\nname='temporal-mean'", "[inputs] has an unknown entry 'plate'"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(types: dict[str, Any], text: str, says: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(says)):
        Recipe.from_toml(text, types)


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("", RecipeError, "the recipe is empty"),
        ("temporal-mean|", RecipeError, "no node ''"),
        ("temporal-mean,temporal-mean", RecipeError, 'did you mean "temporal-mean | temporal-mean"?'),
        (
            "temporal-mean:radius",
            RecipeError,
            "'radius' of temporal-mean has no value: expected radius=VALUE",
        ),
        ("temporal-mean:radios", KnobError, "no knob 'radios' (did you mean 'radius'?)"),
        ("temporal-mean:radius=2,radius=3", RecipeError, "sets radius twice"),
        ("temporal-mean:radios=2", KnobError, "no knob 'radios' (did you mean 'radius'?)"),
        (
            "temporal-mean:radius=99",
            KnobError,
            "knob 'temporal-mean.radius' is a whole number from 0 to 8 frames",
        ),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(
    types: dict[str, Any], line: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        Recipe.from_line(line, types)


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("radius=2", "expected NODE.KNOB=VALUE"),
        ("radius=2.5", "expected NODE.KNOB=VALUE"),
        ("temporal-mean.radius", "'radius' of temporal-mean has no value: expected radius=VALUE"),
        ("temporal-mean.", "expected NODE.KNOB=VALUE"),
        ("temporal.radius=2", "no node 'temporal' (did you mean 'temporal-mean'?)"),
    ],
)
def test_a_bad_setting_is_refused_with_its_reason(types: dict[str, Any], setting: str, says: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(says)):
        Recipe.from_line("temporal-mean", types).with_setting(setting)


def test_an_empty_line_and_a_missing_file_say_so(types: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="the recipe is empty: name a node, such as temporal-mean"):
        Recipe.from_line("  ", types)
    with pytest.raises(RecipeError, match=r"none\.toml cannot be read: No such file or directory$"):
        Recipe.from_file(tmp_path / "none.toml", types)
