from __future__ import annotations

import inspect
import re
from pathlib import Path

from interneg.node import Node

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "my-node"


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "add-a-node.md").read_text(encoding="utf-8")
    node = (EXAMPLE / "my_node" / "steady_black.py").read_text(encoding="utf-8")
    assert f"```python\n{node}```" in page, "copy examples/my-node/my_node/steady_black.py into the page"
    stated = 'steady-black = "my_node.steady_black:SteadyBlack"'
    assert stated in page
    assert stated in (EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")


def test_the_commands_and_files_that_the_pages_name_are_there() -> None:
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "docs/add-a-node.md")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("test", "lint", "nodes", "goldens"):
        assert f"make {target}" in "".join(pages)
        assert f"\n{target}: " in makefile
    for path in (
        "core/errors.py",
        "core/colour/working.py",
        "core/node.py",
        "engines/models.py",
        "nodes/denoise_sr.py",
        "plugin/ofx/draw_icons.py",
        "tests/nodes/test_contract.py",
        "tests/toys.py",
    ):
        assert path in "".join(pages)
        assert (ROOT / path).is_file()


def test_the_page_has_every_fact_and_every_member_that_a_node_can_state() -> None:
    page = (ROOT / "docs" / "add-a-node.md").read_text(encoding="utf-8")
    rows = {name for row in re.findall(r"^\| (`.*?) \|", page, re.M) for name in re.findall(r"`(\w+)`", row)}
    classes = [c for c in Node.__mro__ if c is not object]
    facts = {n for c in classes for n, a in inspect.get_annotations(c).items() if a.startswith("ClassVar")}
    assert {"name", "layers", "mixes"} <= facts
    assert not facts - rows, "the table of class facts lacks these"
    members = {n for c in classes for n in vars(c) if not n.startswith("_") and n not in facts}
    of_the_base = {"strength", "synthesis", "unpremultiply", "with_knobs", "knobs", "at", "render"}
    assert {"process", "reach"} <= members
    assert not members - of_the_base - rows, "the table of members lacks these"
