from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interneg.colour import Colour
from interneg.nodes import NODES
from interneg.plugin.scripts.find import ScriptRender, find


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


@pytest.fixture
def looked(tmp_path: Path, colour: Colour) -> Callable[..., ScriptRender]:
    def look(text: str, name: str | None = "DenoiseSR1", suffix: str = ".nk", **facts: Any) -> ScriptRender:
        path = tmp_path / f"comp{suffix}"
        path.write_text(text, encoding="utf-8")
        return find(str(path), name, NODES, colour, **facts)

    return look
