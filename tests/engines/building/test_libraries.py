from __future__ import annotations

import pytest

from interneg.engines.building.libraries import Library
from interneg.errors import EngineError


def test_a_library_that_is_missing_says_what_to_install() -> None:
    library = Library("x", "no_such_module", "interneg[x]", ())
    assert library.version() == "unknown"
    with pytest.raises(EngineError, match=r"pip install 'interneg\[x\]'"):
        library.load()
