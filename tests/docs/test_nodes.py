from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_node_reference_is_up_to_date() -> None:
    made = runpy.run_path(str(DOCS / "make_nodes.py"))["page"]()
    assert (DOCS / "nodes.md").read_text() == made, "the nodes have changed: run `make nodes`"
