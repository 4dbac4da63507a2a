"""What the pages say that an untagged file is taken for, a default installation takes it for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.plugin.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def untagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds plate.1001.exr, without a word on its colour space; $OCIO is unset."""
    monkeypatch.delenv("OCIO", raising=False)
    monkeypatch.chdir(tmp_path)
    file = oiio.ImageOutput.create("plate.exr")
    assert file
    assert file.open("plate.1001.exr", oiio.ImageSpec(16, 12, 3, "half"))
    assert file.write_image(np.full((12, 16, 3), 0.18, np.float32))
    assert file.close()
    return tmp_path


@pytest.mark.usefixtures("untagged")
def test_an_untagged_exr_is_taken_for_what_the_pages_say() -> None:
    done = CliRunner().invoke(app, ["render", "deflicker:window=1", "plate.%04d.exr", "out.%04d.exr"])
    assert done.exit_code == 0, done.output
    said = next(line for line in done.output.splitlines() if "plate.%04d.exr is in" in line)
    space = said.partition(" is in ")[2].partition(" (")[0]
    table = (DOCS / "artists" / "index.md").read_text(encoding="utf-8")
    assert f"**{space} in OpenColorIO's built-in configuration**" in table
    log = (DOCS / "tds" / "index.md").read_text(encoding="utf-8")
    assert said.partition(" of studio-config")[0] in log
