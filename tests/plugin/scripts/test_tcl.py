from __future__ import annotations

import re
import string

from hypothesis import given
from hypothesis import strategies as st

from interneg.plugin.scripts.tcl import commands

words = st.lists(st.text(string.printable + "é", max_size=12), min_size=1, max_size=4)


@given(st.lists(words, max_size=5))
def test_what_is_quoted_comes_back(written: list[list[str]]) -> None:
    def quote(text: str) -> str:
        return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

    script = "\n".join(" ".join(map(quote, line)) for line in written)
    assert [[w.text for w in line] for line in commands(script)] == written
