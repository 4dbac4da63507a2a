from __future__ import annotations

from pathlib import Path

import pytest

from interneg.errors import InputError, UsageError
from interneg.io import open_clip
from interneg.io.formats import MOVIES_WRITTEN, unknown_extension


@pytest.mark.parametrize(
    "name", ["p.*.exr", "p.????.exr", "p.$F4.exr", "p.$F.exr", "p.%03d.exr", "p.###.exr", "p.#####.exr"]
)
def test_the_pattern_that_fits_the_files_is_suggested(tmp_path: Path, name: str) -> None:
    for number in (7, 998):
        (tmp_path / f"p.{number:04d}.exr").touch()
    with pytest.raises(InputError) as caught:
        open_clip(tmp_path / name)
    assert str(caught.value).endswith(f"(did you mean '{tmp_path / 'p.####.exr'}'?)")


def test_without_files_it_is_said_how_a_sequence_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a sequence is written as '.*q\.####\.exr'\)"):
        open_clip(tmp_path / "q.*.exr")
    for name in ("q.####.exr", "q.exr", "q.*.*.exr"):
        with pytest.raises(InputError, match=r"(exists|no such file or folder)$"):
            open_clip(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        open_clip(tmp_path / "none" / "q.$F4.exr")


def test_an_unknown_output_is_told_what_can_be_written() -> None:
    def known(error: UsageError) -> set[str]:
        return set(str(error).rpartition(": ")[2].split())

    path = Path("a.gif")
    assert set(MOVIES_WRITTEN) <= known(unknown_extension(path, writing=True))
    assert {".mxf", ".avi"}.isdisjoint(known(unknown_extension(path, writing=True)))
    assert {".mxf", ".avi", ".exr"} <= known(unknown_extension(path))
