"""The clips that a user names: each by itself, or a folder of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from interneg.errors import UsageError
from interneg.io.formats import image_format, is_movie


def expanded_clips(paths: Sequence[str]) -> list[str]:
    """Each path; or where it is a folder of movies or folders and holds no picture, those in it, by name."""
    found = []
    for path in paths:
        folder = Path(path).expanduser()
        inside = _clips(folder) if folder.is_dir() else []
        found += [str(p) for p in inside] if len(inside) > 1 else [str(folder)]
    return found


def _clips(folder: Path) -> list[Path]:
    """The folders and movies in a folder; none where it holds pictures."""
    there = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    if any(p.is_file() and not is_movie(p) and image_format(p) for p in there):
        return []
    return [p for p in there if p.is_dir() or is_movie(p)]


def require_pairs(clean: Sequence[str], damaged: Sequence[str]) -> None:
    """Raise UsageError unless each clean clip has a damaged one."""
    if damaged and len(damaged) != len(clean):
        raise UsageError(
            f"--clean names {len(clean)} clips and --damaged {len(damaged)}: each clean clip has one that is "
            "damaged, in the same order"
        )
