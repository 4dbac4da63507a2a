"""Upkeep of the store's folders: what lies in them, in which state, and what of it can go."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from interneg.engines import files
from interneg.engines.manifest import (
    BLOB,
    CACHE,
    MANIFEST,
    STEM,
    SYSTEM,
    TIMINGS,
    EngineKey,
    EngineState,
    Manifest,
    Unusable,
    decode,
    examine,
    lock_path,
)
from interneg.publish import LEFT_OVER, final_name

log = logging.getLogger("interneg.engines")

StaleReason = Callable[[EngineKey], str]
"""Why an engine is not wanted any more, such as "its weights have changed"; an empty string where it is."""

_LOST = "its manifest is gone"
_MANIFEST = re.compile(f"({STEM}){re.escape(MANIFEST)}")
_RECORD = re.compile(r"[^/]+-[0-9a-f]{16}\.json")


class StoreEntry(NamedTuple):
    """A file of the store and its state. An engine's is its manifest, and stands for its blob as well.

    ok: can be used. stale: not wanted any more. foreign: for another system, or of another Interneg's format.
    truncated (also: its blob is missing), tampered, unreadable: broken. orphan: a blob, cache or temporary
    file that belongs to no engine. reason: why it is not ok. key, manifest: None where they are not known.
    """

    path: Path
    folder: Path
    key: EngineKey | None
    manifest: Manifest | None
    state: EngineState
    reason: str

    @property
    def broken(self) -> bool:
        """Whether it was an engine once and can be none now: its manifest or its blob is not what it was."""
        return self.reason == _LOST or self.state in ("truncated", "tampered", "unreadable")


def entries(folders: Sequence[Path], thorough: bool, current: StaleReason | None) -> list[StoreEntry]:
    """All engines and caches in the folders, and what was left over. See Store.entries."""
    return [*_engines(folders, thorough, current), *_others(folders, ())]


def prune(folders: Sequence[Path], current: StaleReason, dry_run: bool) -> list[StoreEntry]:
    """Remove what is of no use, in the folders that can be written. See Store.prune."""
    removed: list[StoreEntry] = []
    gone: set[Path] = set()
    times = _writable(folders)
    for listed in _engines(folders, True, current):
        if listed.folder not in times or listed.state in ("ok", "foreign"):
            continue
        with _idle(listed.path, dry_run) as idle:
            # Looked at again, since a builder may just have finished.
            entry, useless = _judge(listed.path, True, current) if idle else (None, False)
            if entry is None or not useless:
                continue
            # The manifest first, so that at no moment there is one without its blob.
            paths = [entry.path, *_blobs(entry)]
            if dry_run or remove(*paths):
                removed.append(entry)
                gone.update(paths)
    for entry in _others(folders, gone):
        if entry.folder not in times or entry.state != "orphan":
            continue
        # A cache can be remade, and is written without the lock; a blob may be about to get its manifest.
        cache = CACHE.fullmatch(entry.path.name) is not None
        if not cache and not _left_over(entry.path, times[entry.folder]):
            log.info("%s stays: it was written to within the last hour", entry.path)
            continue
        with _idle(entry.path, dry_run) as idle:
            blob = BLOB.fullmatch(entry.path.name) is not None
            if idle and not (blob and _claimed(entry.path)) and (dry_run or remove(entry.path)):
                removed.append(entry)
    return removed


def known(path: Path) -> Manifest | None:
    """The manifest of a file as far as it is sealed and its own, whole or not."""
    try:
        manifest = decode(path.read_bytes())
    except (OSError, Unusable):
        return None
    stem = manifest.key.stem
    blob = BLOB.fullmatch(manifest.file)
    return manifest if path.name == stem + MANIFEST and blob and blob[1] == stem else None


def remove(*paths: Path) -> bool:
    """Remove files in this order, those that are gone already too; False, and logged, where one cannot be."""
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s could not be removed: %s", path, files.words(error))
            return False
    return True


def _engines(folders: Sequence[Path], thorough: bool, current: StaleReason | None) -> Iterator[StoreEntry]:
    for folder in folders:
        for path in _listing(folder):
            if _MANIFEST.fullmatch(path.name):
                entry, _ = _judge(path, thorough, current)
                if entry is not None:
                    yield entry


def _others(folders: Sequence[Path], gone: Collection[Path]) -> Iterator[StoreEntry]:
    listed = [path for folder in folders for path in _listing(folder) if path not in gone]
    stems = {path.name.removesuffix(MANIFEST) for path in listed if _MANIFEST.fullmatch(path.name)}
    for path in listed:
        if cache := CACHE.fullmatch(path.name):
            there = cache[1] in stems or cache[1].startswith(f"{TIMINGS}-")
            state: EngineState = "ok" if there else "orphan"
            yield StoreEntry(
                path, path.parent, None, None, state, "" if there else "the engine it is for is gone"
            )
        elif BLOB.fullmatch(path.name) and not _claimed(path):
            reason = "its manifest names another blob" if _stem(path.name) in stems else _LOST
            yield StoreEntry(path, path.parent, None, None, "orphan", reason)
        elif _is_temporary(path.name):
            reason = "it is being written, or its writer was killed"
            yield StoreEntry(path, path.parent, None, None, "orphan", reason)


def _judge(path: Path, thorough: bool, current: StaleReason | None) -> tuple[StoreEntry | None, bool]:
    """The entry of a manifest, None where it is gone, and whether prune should remove it."""
    try:
        manifest = examine(path, thorough=thorough)
    except FileNotFoundError:
        return None, False
    except Unusable as error:
        sealed = known(path)
        key = sealed.key if sealed else None
        return StoreEntry(path, path.parent, key, sealed, error.state, str(error)), error.broken
    reason = current(manifest.key) if current else ""
    state: EngineState = "stale" if reason else "ok"
    if not reason and manifest.key.system != SYSTEM:
        state, reason = "foreign", f"it is for {manifest.key.system}, this is {SYSTEM}"
    return StoreEntry(path, path.parent, manifest.key, manifest, state, reason), state == "stale"


def _blobs(entry: StoreEntry) -> list[Path]:
    """The blobs that go with a manifest: the one it names; where that is lost, those that are no younger."""
    if entry.manifest is not None:
        return [entry.folder / entry.manifest.file]
    stem = entry.path.name.removesuffix(MANIFEST)
    try:
        made = entry.path.stat().st_mtime
        blobs = [path for path in _listing(entry.folder) if (b := BLOB.fullmatch(path.name)) and b[1] == stem]
        return [path for path in blobs if path.stat().st_mtime <= made]
    except OSError:
        return []


def _claimed(blob: Path) -> bool:
    """Whether a manifest names the blob, or might."""
    path = blob.with_name(f"{_stem(blob.name)}{MANIFEST}")
    try:
        return decode(path.read_bytes()).file == blob.name
    except FileNotFoundError:
        return False
    except OSError:
        return True
    except Unusable as error:
        return not error.broken


@contextmanager
def _idle(path: Path, dry_run: bool) -> Iterator[bool]:
    """Whether nobody builds the engine that a file belongs to; nobody starts to while this lasts."""
    stem = _stem(path.name)
    lock = lock_path(path.parent, stem or "")
    if stem is None or (dry_run and not lock.exists()):
        yield True
        return
    with files.locked(lock, wait=False) as free:
        if not free:
            log.info("%s stays: its engine is being built", path)
        yield free


def _stem(name: str) -> str | None:
    """The engine that a file belongs to, by its name."""
    name = final_name(name) or name
    found = next((m for m in (p.fullmatch(name) for p in (_MANIFEST, BLOB, CACHE)) if m), None)
    return found[1] if found else None


def _is_temporary(name: str) -> bool:
    made = final_name(name)
    return made is not None and bool(made == files.PROBE or _stem(made) or _RECORD.fullmatch(made))


def _left_over(path: Path, now: float) -> bool:
    """Whether a file was last written long before (or, by a wrong clock, after) the folder's own time."""
    try:
        return abs(now - path.stat().st_mtime) > LEFT_OVER
    except OSError:
        return False


def _writable(folders: Sequence[Path]) -> dict[Path, float]:
    times: dict[Path, float] = {}
    for folder in folders:
        try:
            if folder.is_dir():
                times[folder] = files.probe(folder)
        except OSError as error:
            log.info("%s is not pruned, it cannot be written: %s", folder, files.words(error))
    return times


def _listing(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        log.warning("%s cannot be listed: %s", folder, files.words(error))
        return []
