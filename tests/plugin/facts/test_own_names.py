from __future__ import annotations

import pytest

from interneg.errors import KnobError
from interneg.nodes import NODES
from interneg.plugin.facts.own_names import joined, require_known, texts_of

NODE = NODES["denoise-sr"]


def test_a_host_shows_a_text_beside_a_choice_that_takes_names() -> None:
    assert texts_of(NODE) == {"own_model": "model"}
    assert texts_of(NODES["deflicker"]) == {}


def test_the_text_counts_where_the_choice_is_own() -> None:
    assert joined(NODE, {"model": "own", "own_model": " span-x4 ", "scale": "4"}) == {
        "model": "span-x4",
        "scale": "4",
    }
    assert joined(NODE, {"model": "standard", "own_model": "span-x4"}) == {"model": "standard"}
    with pytest.raises(
        KnobError, match=r"denoise-sr.model is own, and own_model is empty: write the name of"
    ):
        joined(NODE, {"model": "own", "own_model": ""})


def test_a_model_that_there_is_not_is_named_with_those_there_are() -> None:
    def node(model: str) -> list[object]:
        return [NODE.with_knobs({"model": model})]

    require_known(node("span-x4"), ["span-x4"])  # type: ignore[arg-type]
    require_known(node("standard"), [])  # type: ignore[arg-type]
    with pytest.raises(KnobError, match=r"own \(span-x4\), not 'span'.*did you mean 'span-x4'"):
        require_known(node("span"), ["span-x4"])  # type: ignore[arg-type]
    with pytest.raises(KnobError, match=r"there is none yet: interneg import-model.*did you mean 'standard'"):
        require_known(node("standart"), [])  # type: ignore[arg-type]
    with pytest.raises(
        KnobError, match="one of lite, standard, or the name of a model of your own, not 'My Model'"
    ):
        node("My Model")
