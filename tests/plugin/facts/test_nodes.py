from __future__ import annotations

import pytest

from interneg.node import Node
from interneg.nodes import OWN
from interneg.plugin.facts.nodes import facts_of


@pytest.mark.parametrize("node", OWN.values(), ids=OWN)
def test_a_description_repeats_no_help_and_names_no_papers(node: type[Node]) -> None:
    description = facts_of(node)["description"]
    assert description.startswith("Use it")
    assert f"{node.label}: " not in description
    assert "Sources:" not in description
    assert "\n" not in description.replace("\n\n", "")
