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

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from interneg.engines import caches, choices, files, records, upkeep
from interneg.engines.choices import Choice, ChoiceKey
from interneg.engines.folders import VARIABLE, Folders
from interneg.engines.manifest import (
    MANIFEST,
    EngineKey,
    Figures,
    Made,
    StoredEngine,
    Unusable,
    decode,
    encode,
    examine,
    lock_path,
    new_manifest,
    read_blob,
    rebuild_command,
)
from interneg.engines.records import QualificationKey, Record
from interneg.engines.upkeep import StaleReason, StoreEntry, known, remove
from interneg.errors import EngineError, OutputError
from interneg.publish import write_whole

__all__ = [
    "Choice",
    "ChoiceKey",
    "EngineKey",
    "Figures",
    "Made",
    "QualificationKey",
    "Record",
    "Store",
    "StoreEntry",
    "StoredEngine",
]

log = logging.getLogger("interneg.engines")


class Store:
    """Records, engines and caches in a list of folders: read from all, written to the first that can be.

    folders: by default those in $INTERNEG_ENGINES, then the user's own; see Folders. origin: what names them.
    """

    def __init__(self, folders: Sequence[str | Path] = (), origin: str = f"${VARIABLE}") -> None:
        self._folders = Folders(folders, origin)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Its folders, in the order in which they are read."""
        return self._folders.paths

    def target_folder(self) -> Path:
        """The folder that engines go to, the first that can be written.

        Raises OutputError, naming all, where none can, or where a share before it seems not to be mounted.
        """
        return self._folders.first_writable()

    # Records

    def find(self, key: QualificationKey) -> Record | None:
        """The record of a key, from the first folder that has it."""
        return records.find(self._folders, key)

    def records(self) -> list[Record]:
        """All that can be read, of all folders; the others are passed over."""
        return records.readable(self._folders)

    def publish(self, record: Record) -> Path | None:
        """Write a record, whole or not at all; of several writers the last wins. None where it cannot be."""
        return records.publish(self._folders, record)

    def choice(self, key: ChoiceKey, measure: Callable[[], Choice]) -> Choice | None:
        """The choice that is kept for a key, or else a new one by `measure`; None where it cannot be kept.

        Of several processes that want it at once one measures, the others wait. Raises what `measure` does.
        """
        return choices.keep(self._folders, key, measure)

    # Engines

    def engine(self, key: EngineKey) -> StoredEngine | None:
        """The engine of a key, from the first folder that has a valid one.

        Checks the blob's size; `read` checks its hash. Raises EngineError where there are only broken ones.
        """
        found, refused = self._search(key)
        if found is None and refused:
            raise _refusal(key, refused)
        return found

    def read(self, found: StoredEngine) -> bytes:
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

    def build(
        self, key: EngineKey, make: Callable[[], tuple[bytes, Made]], *, force: bool = False
    ) -> StoredEngine:
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

    def _search(self, key: EngineKey, *, thorough: bool = False) -> tuple[StoredEngine | None, list[str]]:
        refused: list[str] = []
        for folder in self.folders:
            path = folder / (key.stem + MANIFEST)
            try:
                return StoredEngine(examine(path, thorough=thorough), path), refused
            except FileNotFoundError:
                continue
            except Unusable as error:
                log.warning("%s is not used: %s", path, error)
                refused.append(f"{path}: {error}")
        return None, refused

    def _publish(self, folder: Path, key: EngineKey, blob: bytes, made: Made) -> StoredEngine:
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
            write_whole(folder / manifest.file, blob)
            try:
                write_whole(path, text)
            except OSError:
                # Over a network a rename can have been done and still be reported as failed.
                if known(path) != manifest:
                    remove(folder / manifest.file)
                raise
        except OSError as error:
            raise OutputError(
                f"the engine {key.stem} ({len(blob)} bytes) could not be written to {folder}: "
                f"{files.words(error)}. Make room there, or name another folder in {self._folders.origin}"
            ) from error
        # Its name is used once only: even without locks this is not the blob of someone else's new manifest.
        if old is not None:
            remove(folder / old.file)
        try:
            return StoredEngine(examine(path), path)
        except (OSError, Unusable) as error:
            raise OutputError(f"{path} was written and then changed by something else: {error}") from error

    # Upkeep

    def entries(self, *, thorough: bool = False, current: StaleReason | None = None) -> list[StoreEntry]:
        """All engines and caches in all folders, and what was left over. Records are not listed.

        thorough: blobs are hashed, too. current: tells the stale engines.
        """
        return upkeep.entries(self.folders, thorough, current)

    def prune(self, current: StaleReason, *, dry_run: bool = False) -> list[StoreEntry]:
        """Remove what is of no use, in folders that can be written; what was (dry_run: would be) removed.

        That is: engines for which `current` has a reason (it is asked about those of other systems, too),
        broken ones (blobs are hashed), orphaned blobs, caches of engines that are in no folder any more, and
        temporary files. What is being built is left alone; so are orphaned blobs and temporary files that
        were written to within the last hour, in case the folder has no locks.
        """
        return upkeep.prune(self.folders, current, dry_run)

    # Caches

    def read_cache(self, key: EngineKey, gpu: str) -> bytes | None:
        """What `write_cache` kept for an engine and a GPU, whole; None where there is nothing.

        gpu: all that the compiled kernels depend on beside the engine, such as the GPU's name and the driver.
        """
        return caches.read(self._folders, key, gpu)

    def write_cache(self, key: EngineKey, gpu: str, data: bytes) -> None:
        """Keep the compiled kernels of an engine for a GPU, whole or not at all."""
        caches.write(self._folders, key, gpu, data)


def _refusal(key: EngineKey, refused: Sequence[str]) -> EngineError:
    return EngineError(
        f"there is no usable engine {key.stem}: {'; '.join(refused)}. Build it again: {rebuild_command(key)}"
    )
