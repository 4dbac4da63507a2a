"""A folder of clips stands for the clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from interneg.errors import UsageError
from interneg.plugin.tuning.clips_in import expanded_clips, require_pairs


def test_a_folder_of_folders_and_movies_is_those(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / "all" / name).mkdir(parents=True)
        (tmp_path / "all" / name / "f.0001.png").touch()
    (tmp_path / "all" / "c.mov").touch()
    (tmp_path / "all" / "notes.txt").touch()
    inside = [str(tmp_path / "all" / name) for name in ("a", "b", "c.mov")]
    assert expanded_clips([str(tmp_path / "all")]) == inside
    one = str(tmp_path / "all" / "a")
    pattern = str(tmp_path / "all" / "a" / "f.%04d.png")
    assert expanded_clips([one, pattern]) == [one, pattern]
    require_pairs(inside, inside)
    with pytest.raises(UsageError, match="names 3 clips and --damaged 1"):
        require_pairs(inside, [one])
