"""Outputs over their own input."""

import os
from pathlib import Path

import pytest

from interneg.errors import UsageError
from interneg.io import open_clip, open_output, same_file
from tests.core.io.io_clips import clip_of


def test_output_over_input_is_refused(tmp_path: Path) -> None:
    clip = clip_of(tmp_path / "in", 1, 2)
    source = tmp_path / "in" / "plate.0002.png"
    before = source.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for folder, make in (("soft", os.symlink), ("hard", os.link)):
        (tmp_path / folder).mkdir()
        make(source, tmp_path / folder / "plate.0002.png")
    for name in (
        "in",
        "in/plate.%04d.png",
        "in/../in/plate.####.png",
        "link",
        "soft",
        "hard/plate.####.png",
    ):
        with pytest.raises(UsageError, match="overwrite the input"):
            open_output(tmp_path / name, clip, overwrite=True)
    with pytest.raises(UsageError, match="overwrite the input"):
        open_output(source, open_clip(source), overwrite=True)
    assert source.read_bytes() == before
    open_output(tmp_path / "in" / "restored.####.png", clip)
    assert same_file(source, tmp_path / "hard" / "plate.0002.png")
    assert not same_file(source, tmp_path / "in" / "plate.0001.png")
