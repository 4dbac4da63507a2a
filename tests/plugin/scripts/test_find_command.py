"""`interneg render` of a Nuke script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from interneg.io import open_clip
from tests.plugin.scripts.nuke_comps import HEAD, READ, WRITE, ours, render


def test_the_command_renders_a_script(plate: Callable[..., str], tmp_path: Path) -> None:
    pattern = plate(range(1001, 1005))
    script = tmp_path / "comp.nk"
    script.write_text(HEAD + READ + ours(noise_auto="false", noise="10") + WRITE)
    made = render(script, "--node", "DenoiseSR1", "--frames", "1002-1003")
    assert made.exit_code == 0, made.output
    assert "renders DenoiseSR1 from Read1 to Write1" in made.output
    plain = str(tmp_path / "plain" / "made.####.exr")
    assert render("denoise-sr:noise=10", pattern, plain, "--frames", "1002-1003").exit_code == 0
    one, other = open_clip(str(tmp_path / "out" / "made.####.exr")), open_clip(plain)
    assert list(one.numbers) == [1002, 1003]
    for number in one.numbers:
        np.testing.assert_array_equal(one.read(number).pixels, other.read(number).pixels)


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    made = render("denoise-sr:noise=10", "a.####.exr")
    assert (made.exit_code, "OUTPUT is missing" in made.stderr) == (2, True)
    made = render("denoise-sr", "a.exr", "b.exr", "--node", "X")
    assert (made.exit_code, "--node is for Nuke scripts" in made.stderr) == (2, True)
    (tmp_path / "bad.nk").write_text("Grade {")
    made = render(tmp_path / "bad.nk", "--node", "X")
    assert made.exit_code == 2
    assert "line 1" in made.stderr
