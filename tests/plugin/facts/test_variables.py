from __future__ import annotations

import re
from pathlib import Path

from interneg.plugin.facts import variables
from interneg.plugin.facts.variables import VARIABLES

ROOT = Path(__file__).parents[3]
_NAME = re.compile(r"""["'](INTERNEG_[A-Z_]+)["']""")


def read_in(suffix: str) -> set[str]:
    """The variables that sources of a kind name."""
    folders = ("core", "engines", "nodes", "plugin")
    paths = [path for folder in folders for path in (ROOT / folder).rglob(f"*{suffix}")]
    own = Path(variables.__file__)
    texts = [p.read_text(encoding="utf-8") for p in (*paths, ROOT / "setup.py") if not p.samefile(own)]
    return {name for text in texts for name in _NAME.findall(text)}


def test_the_list_is_that_of_what_is_read() -> None:
    python, shell = read_in(".py"), read_in(".c")
    assert python <= VARIABLES.keys(), "add the variable to plugin/facts/variables.py"
    assert python | shell >= VARIABLES.keys(), "nothing reads the variable: remove it from the list"


def test_the_page_has_them_all() -> None:
    page = (ROOT / "docs" / "tds" / "environment.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(INTERNEG_[A-Z_]+)`", page, re.M)) == VARIABLES.keys()
