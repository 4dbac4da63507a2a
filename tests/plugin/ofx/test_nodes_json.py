from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from interneg.errors import KnobError
from interneg.knobs import knobs_of
from interneg.node import Node
from interneg.nodes import NODES, OWN
from interneg.plugin.ofx.nodes import FILE, catalogue, text
from tests.toys import Picky

ICONS = FILE.with_name("icons")


def entry(node: type[Node]) -> dict[str, Any]:
    return catalogue([node])["nodes"][0]


def test_the_committed_file_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == text(OWN.values()), "the nodes have changed: run `make nodes`"


def test_every_node_is_listed_once() -> None:
    listed = json.loads(FILE.read_text(encoding="utf-8"))["nodes"]
    assert [n["name"] for n in listed] == list(OWN)
    assert len({n["identifier"] for n in listed}) == len(listed)
    assert {n["name"]: n["identifier"] for n in listed}["denoise-sr"] == "org.interneg.DenoiseSR"


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_a_host_can_show_what_is_listed(node: type[Node]) -> None:
    made = entry(node)
    assert made["help"].startswith(node.help)
    assert made["inputs"][0]["name"] == "Mask"
    assert [k["name"] for k in made["knobs"] if k["kind"] not in ("button", "text")] == [
        n for n, k in knobs_of(node).items() if not k.aov
    ]
    for shown in made["knobs"]:
        assert shown["label"]
        assert shown["help"]
        if shown["kind"] in ("float", "int"):
            low, high = shown["slider"]
            assert low < high
            assert shown["hard"][0] is None or shown["hard"][0] <= low
            assert shown["hard"][1] is None or high <= shown["hard"][1]
            assert shown["default"] == "auto" or low <= shown["default"] <= high


def test_a_choice_that_takes_names_has_a_text_beside_it() -> None:
    shown = {k["name"]: k for k in entry(NODES["denoise-sr"])["knobs"]}
    assert shown["model"]["choices"] == ["lite", "standard", "own"]
    assert (shown["own_model"]["kind"], shown["own_model"]["default"]) == ("text", "")
    assert "Where Model is own: the name of a model of your own" in shown["own_model"]["help"]


def test_reach_follows_the_knobs_that_decide_it(temporal_mean: type[Node]) -> None:
    made = entry(temporal_mean)
    assert made["reach"] == {"knobs": ["radius"], "rows": [[r, r, r, 1] for r in range(9)]}
    assert made["temporal"]
    radius = next(k for k in made["knobs"] if k["name"] == "radius")
    assert radius["slider"] == [0, 8]


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_groups_are_parameters_of_their_own(node: type[Node]) -> None:
    made = entry(node)
    groups = {group["name"]: group["label"] for group in made["groups"]}
    shown = {k["name"]: groups[k["group"]] for k in made["knobs"] if k["group"]}
    assert shown == {name: k.group for name, k in knobs_of(node).items() if k.group}
    assert set(groups.values()) == set(shown.values())
    assert not set(groups) & set(knobs_of(node))


def test_the_box_of_stabilise_is_a_group() -> None:
    made = entry(NODES["stabilise"])
    assert [g["label"] for g in made["groups"]] == ["Lock", "Edges", "Box"]
    assert [k["name"] for k in made["knobs"] if k["group"] == "group_box"] == [
        "box_left", "box_top", "box_right", "box_bottom",
    ]  # fmt: skip


def test_enlarging_is_in_the_table_too() -> None:
    made = entry(NODES["denoise-sr"])["reach"]
    assert made["knobs"] == ["scale", "temporal"]
    assert made["rows"] == [[str(s), t, t, t, s] for s in (1, 2, 4) for t in (0, 1, 2)]


def test_the_knob_that_names_frames_from_afar_is_found() -> None:
    assert [n["name"] for n in catalogue(NODES.values())["nodes"] if n["anchors"]] == ["stabilise"]
    assert entry(NODES["stabilise"])["anchors"] == "lock_frames"
    assert entry(Picky)["anchors"] is None


def test_a_knob_that_matters_beside_another_is_found() -> None:
    made = entry(Picky)
    assert made["reach"] == {
        "knobs": ["far", "around"],
        "rows": [
            [1, False, 0, 0, 1], [1, True, 1, 0, 1],
            [2, False, 0, 0, 1], [2, True, 2, 0, 1],
            [3, False, 0, 0, 1], [3, True, 3, 0, 1],
        ],
    }  # fmt: skip
    assert made["version"] == [1, 3]
    assert next(k for k in made["knobs"] if k["name"] == "marks")["default"] == "3,5"


def test_reach_that_no_table_can_hold_is_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Endless(Picky):
        name: ClassVar[str] = "endless"

        @property
        def reach(self) -> tuple[int, int]:
            return (int(10 * self.strength), 0)

    with pytest.raises(KnobError, match=r"endless reaches.* its knob 'strength', a float"):
        catalogue([Endless])
