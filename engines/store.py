"""The store: engines that were built, and what was proved about engines, kept from one run to the next.

A store is a list of folders, some of them shared by many machines. Three kinds of files lie in them:

records: how an engine qualified on a machine, one small JSON file each, with the key that it holds for.
engines: a blob, and a manifest beside it that says what it is for, how it was made, and its hash. The
    manifest is written last: with its rename the engine is there, and whole.
caches: what TensorRT for RTX compiled for one engine and GPU.

Records and caches are made again where they are missing, unreadable or about something else, and for them a
store that cannot be written stops nothing. Engines are built by a TD: a damaged one is refused by name.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import platformdirs

from interneg.engines import files, upkeep
from interneg.engines.manifest import (
    MANIFEST,
    EngineKey,
    Figures,
    Found,
    Made,
    Manifest,
    State,
    Unusable,
    cache_name,
    decode,
    encode,
    examine,
    lock_path,
    new_manifest,
    read_blob,
    rebuild_command,
)
from interneg.engines.upkeep import Current, Entry, known, remove
from interneg.errors import EngineError, OutputError

__all__ = [
    "EngineKey",
    "Entry",
    "Figures",
    "Found",
    "Key",
    "Made",
    "Manifest",
    "Record",
    "State",
    "Store",
    "rebuild_command",
]

log = logging.getLogger("interneg.engines")

VARIABLE = "INTERNEG_ENGINES"


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a qualification depends on. weights: SHA-256 of the ONNX file. golden: version of the test."""

    model: str
    weights: str
    precision: str
    runtime: str
    version: str
    device: str
    system: str
    golden: int

    @property
    def file(self) -> str:
        """The name of the record's file."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]
        return f"{self.model}-{self.precision}-{self.runtime}-{digest}.json"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine that qualified."""

    key: Key
    reference: str
    figures: Figures


class Store:
    """Records, engines and caches in a list of folders: read from all, written to the first that can be.

    folders: by default the path list in $INTERNEG_ENGINES and then the user's own cache folder, which takes
    what a shared store that is read-only cannot. A folder of the list is made where it is not there, but not
    its parents: without them a share is not mounted. origin: what names the folders, for messages.
    """

    def __init__(self, folders: Sequence[str | Path] = (), origin: str = f"${VARIABLE}") -> None:
        self.folders = tuple(Path(p).expanduser() for p in folders)
        self.origin = origin
        self._shares: tuple[Path, ...] = ()
        if not self.folders:
            listed = [Path(p).expanduser() for p in os.environ.get(VARIABLE, "").split(os.pathsep) if p]
            own = Path(platformdirs.user_cache_dir("interneg", appauthor=False)) / "engines"
            self._shares = tuple(folder for folder in listed if folder != own)
            self.folders = (*listed,) if own in listed else (*listed, own)

    def _unmounted(self, folder: Path) -> bool:
        return folder in self._shares and not folder.parent.exists()

    def target_folder(self) -> Path:
        """The first folder that can be written.

        Raises OutputError, naming all, where none can, or where a share before it seems not to be mounted:
        engines would go where nobody looks for them.
        """
        reasons = []
        for folder in self.folders:
            if self._unmounted(folder):
                raise OutputError(
                    f"the folder {folder} of {self.origin} is not there, and neither is {folder.parent}: "
                    "mount the share, or make the folder"
                )
            try:
                files.probe(folder)
            except OSError as error:
                reasons.append(f"{folder}: {files.words(error)}")
                continue
            if reasons:
                log.info("engines go to %s, since others cannot be written: %s", folder, "; ".join(reasons))
            return folder
        raise OutputError(
            f"no folder for engines can be written ({'; '.join(reasons)}): name one that can in {self.origin}"
        )

    # Records

    def find(self, key: Key) -> Record | None:
        """The record of a key, from the first folder that has it."""
        for folder in self.folders:
            path = folder / key.file
            try:
                record = msgspec.json.decode(path.read_bytes(), type=Record)
            except FileNotFoundError:
                continue
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                log.warning("%s is not used, the engine is qualified again: %s", path, error)
                continue
            if record.key == key:
                return record
            log.warning("%s is not used, the engine is qualified again: it is about another engine", path)
        return None

    def records(self) -> list[Record]:
        """All that can be read, of all folders; the others are passed over."""
        found = []
        for folder in self.folders:
            for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
                with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
                    found.append(msgspec.json.decode(path.read_bytes(), type=Record))
        return found

    def publish(self, record: Record) -> Path | None:
        """Write a record, whole or not at all; of several writers the last wins. None where it cannot be."""
        data = msgspec.json.format(msgspec.json.encode(record), indent=2)
        return self._write(record.key.file, data, "engines are qualified at each start")

    def _write(self, name: str, data: bytes, otherwise: str) -> Path | None:
        reasons = []
        for folder in self.folders:
            if self._unmounted(folder):
                reasons.append(f"{folder}: {folder.parent} is not there; is the share mounted?")
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
                files.write(folder / name, data)
            except OSError as error:
                reasons.append(f"{folder}: {files.words(error)}")
            else:
                return folder / name
        log.warning("the engine store cannot be written, %s: %s", otherwise, "; ".join(reasons))
        return None

    # Engines

    def engine(self, key: EngineKey) -> Found | None:
        """The engine of a key, from the first folder that has a valid one.

        Checks the blob's size; `read` checks its hash. Raises EngineError where there are only broken ones.
        """
        found, refused = self._search(key)
        if found is None and refused:
            raise _refusal(key, refused)
        return found

    def read(self, found: Found) -> bytes:
        """The blob of an engine, verified against its manifest.

        Where it is not what the manifest says the store is searched once more: a rebuild may have replaced it
        meanwhile, or another folder have a whole one. Raises EngineError where there is none.
        """
        key = found.manifest.key
        try:
            return read_blob(found)
        except Unusable as error:
            log.info("%s: %s; looking again", found.path, error)
            refused = [f"{found.path}: {error}"]
        again, reasons = self._search(key, thorough=True)
        if again is not None:
            try:
                return read_blob(again)
            except Unusable as error:
                reasons.append(f"{again.path}: {error}")
        raise _refusal(key, reasons or refused)

    def build(self, key: EngineKey, make: Callable[[], tuple[bytes, Made]], *, force: bool = False) -> Found:
        """The engine of a key, made and published if there is no valid one yet (force: in any case).

        Of several processes that want it at once one makes it and the others wait; where the folder has no
        locks each makes it, and the last one's stays. The blob is hashed, so a tampered engine is made anew.
        Raises OutputError where it cannot be written, and what `make` raises.
        """
        found = None if force else self._search(key, thorough=True)[0]
        if found is not None:
            return found
        folder = self.target_folder()
        with files.locked(lock_path(folder, key.stem)):
            found = None if force else self._search(key, thorough=True)[0]
            if found is not None:
                return found
            found = self._publish(folder, key, *make())
        first = self._search(key, thorough=True)[0] if force else None
        if first is not None and first.path.parent != folder:
            log.warning("%s comes first in the store, and is used instead of the new engine", first.path)
        return found

    def _search(self, key: EngineKey, *, thorough: bool = False) -> tuple[Found | None, list[str]]:
        refused: list[str] = []
        for folder in self.folders:
            path = folder / (key.stem + MANIFEST)
            try:
                return Found(examine(path, thorough=thorough), path), refused
            except FileNotFoundError:
                continue
            except Unusable as error:
                log.warning("%s is not used: %s", path, error)
                refused.append(f"{path}: {error}")
        return None, refused

    def _publish(self, folder: Path, key: EngineKey, blob: bytes, made: Made) -> Found:
        path = folder / (key.stem + MANIFEST)
        manifest = new_manifest(key, blob, made)
        text = encode(manifest)
        try:
            decode(text)
        except Unusable as error:
            raise EngineError(
                f"the engine {key.stem} cannot be described, mend what builds it: {error}"
            ) from error
        old = known(path)
        try:
            files.write(folder / manifest.file, blob)
            try:
                files.write(path, text)
            except OSError:
                # Over a network a rename can have been done and still be reported as failed.
                if known(path) != manifest:
                    remove(folder / manifest.file)
                raise
        except OSError as error:
            raise OutputError(
                f"the engine {key.stem} ({len(blob)} bytes) could not be written to {folder}: "
                f"{files.words(error)}. Make room there, or name another folder in {self.origin}"
            ) from error
        # Its name is used once only: even without locks this is not the blob of someone else's new manifest.
        if old is not None:
            remove(folder / old.file)
        try:
            return Found(examine(path), path)
        except (OSError, Unusable) as error:
            raise OutputError(f"{path} was written and then changed by something else: {error}") from error

    # Upkeep

    def entries(self, *, thorough: bool = False, current: Current | None = None) -> list[Entry]:
        """All engines and caches in all folders, and what was left over. Records are not listed.

        thorough: blobs are hashed, too. current: tells the stale engines.
        """
        return upkeep.entries(self.folders, thorough, current)

    def prune(self, current: Current, *, dry_run: bool = False) -> list[Entry]:
        """Remove what is of no use, in folders that can be written; what was (dry_run: would be) removed.

        That is: engines for which `current` has a reason (it is asked about those of other systems, too),
        broken ones (blobs are hashed), orphaned blobs, caches of engines that are in no folder any more, and
        temporary files. What is being built is left alone; so are orphaned blobs and temporary files that
        were written to within the last hour, in case the folder has no locks.
        """
        return upkeep.prune(self.folders, current, dry_run)

    # Caches of TensorRT for RTX

    def read_cache(self, key: EngineKey, gpu: str) -> bytes | None:
        """What `write_cache` kept for an engine and a GPU, whole; None where there is nothing.

        gpu: all that the compiled kernels depend on beside the engine, such as the GPU's name and the driver.
        """
        # The last folder first: it takes what the others cannot, so its copy is never the older one.
        for folder in reversed(self.folders):
            path = folder / cache_name(key, gpu)
            try:
                content = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                log.warning("%s is not used, kernels are compiled again: %s", path, files.words(error))
                continue
            data = content[len(_cache_head(key, gpu, b"")) :]
            if content == _cache_head(key, gpu, data) + data:
                return data
            log.warning("%s is not used, kernels are compiled again: it is damaged", path)
        return None

    def write_cache(self, key: EngineKey, gpu: str, data: bytes) -> None:
        """Keep the compiled kernels of an engine for a GPU, whole or not at all."""
        name = cache_name(key, gpu)
        written = self._write(name, _cache_head(key, gpu, data) + data, "kernels are compiled at each start")
        if written is not None:
            for folder in self.folders[self.folders.index(written.parent) + 1 :]:
                with suppress(OSError):  # an older copy, which would be read before this one
                    (folder / name).unlink()


def _refusal(key: EngineKey, refused: Sequence[str]) -> EngineError:
    return EngineError(
        f"there is no usable engine {key.stem}: {'; '.join(refused)}. Build it again: {rebuild_command(key)}"
    )


def _cache_head(key: EngineKey, gpu: str, data: bytes) -> bytes:
    digest = hashlib.sha256(msgspec.json.encode([key, gpu]) + data).hexdigest()
    return b"interneg cache 1 " + digest.encode() + b"\n"
