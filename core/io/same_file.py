"""Whether an output is the input, by whatever names."""

from __future__ import annotations

import os
from pathlib import Path

from interneg.errors import UsageError
from interneg.io.clip import Clip

__all__ = ["refuse_same", "same_file"]


def same_file(a: Path, b: Path) -> bool:
    """Whether two names lead to one file, through symbolic and hard links too; either may not exist yet."""
    if os.path.realpath(a) == os.path.realpath(b):
        return True
    try:
        return os.path.samefile(a, b)
    except OSError:
        return False


def refuse_same(clip: Clip, outputs: dict[int, Path]) -> None:
    """Raise UsageError where writing `outputs` would touch a file that the clip is read from."""
    inputs: dict[object, Path] = {}
    for path in {p for n in clip.numbers if (p := clip.path_of(n))}:
        inputs[os.path.realpath(path)] = path
        try:
            state = path.stat()
        except OSError:
            continue
        inputs[state.st_dev, state.st_ino] = path
    for out in outputs.values():
        keys: list[object] = [os.path.realpath(out)]
        try:
            state = out.stat()
            keys.append((state.st_dev, state.st_ino))
        except OSError:
            pass
        hit = next((inputs[k] for k in keys if k in inputs), None)
        if hit:
            raise UsageError(
                f"{out}: the output would overwrite the input {hit}; choose another folder or name"
            )
