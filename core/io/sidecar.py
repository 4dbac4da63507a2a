"""The side file `.interneg/NAME.json` of an output: what its frames were made from, and how it was left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from interneg.io.digests import head_digest, outline_digest
from interneg.publish import replacing

__all__ = ["Sidecar", "kept_frames", "read_sidecar", "write_sidecar"]

SIDECARS = ".interneg"


class Sidecar(NamedTuple):
    """What is kept beside a file of ours: its digest and size, its frames' provenance.

    head: a hash of its first bytes. before: the digest of the file of ours that it replaced. seconds: what
    its frames took to render, of those that say it.
    """

    digest: str
    size: int
    head: str
    before: str
    frames: dict[int, dict[str, str]]
    seconds: dict[int, float]


def write_sidecar(
    path: Path,
    content: Path,
    digest: str,
    frames: Mapping[int, Mapping[str, str]],
    seconds: Mapping[int, float] | None = None,
) -> None:
    """Keep the provenance of a file's frames beside it, before `content` becomes that file.

    In this order an end at any moment leaves no file of ours that would be taken for a stranger's. Raises
    OSError and OutputError.
    """
    former = read_sidecar(path)
    kept = Sidecar(
        digest,
        content.stat().st_size,
        head_digest(content),
        former.digest if former else "",
        {n: dict(p) for n, p in frames.items()},
        dict(seconds or {}),
    )
    with replacing(path.parent / SIDECARS / f"{path.name}.json") as temporary:
        temporary.write_text(json.dumps(kept._asdict(), indent=1), encoding="utf-8")


def read_sidecar(path: Path) -> Sidecar | None:
    """What is kept beside a file, None where there is nothing that can be read."""
    try:
        kept = json.loads((path.parent / SIDECARS / f"{path.name}.json").read_text(encoding="utf-8"))
        frames = {int(n): {str(k): str(v) for k, v in p.items()} for n, p in kept["frames"].items()}
        seconds = {int(n): float(s) for n, s in kept.get("seconds", {}).items()}
        before = str(kept["before"])
        return Sidecar(str(kept["digest"]), int(kept["size"]), str(kept["head"]), before, frames, seconds)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None


def kept_frames(path: Path) -> tuple[dict[int, dict[str, str]], bool]:
    """The provenance of the frames of a movie that is there, and whether it may be replaced, being ours.

    It is not read through for this: its size, its first and its last MiB must be as they were.
    """
    try:
        size = path.stat().st_size
        kept, digest, head = read_sidecar(path), outline_digest(path), head_digest(path)
    except OSError:
        return {}, not path.exists()
    if kept is None or size == 0:
        return {}, size == 0
    cut = size < kept.size and head == kept.head
    return kept.frames if digest == kept.digest else {}, cut or digest in (kept.digest, kept.before)
