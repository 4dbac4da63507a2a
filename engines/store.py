"""The store: what was proved about engines on this machine, kept from one run to the next.

One small JSON file per engine: the key that it holds for, written out in full, and how the engine qualified.
The store is a cache: a file that is missing, unreadable or about something else means that the engine is
qualified again, and a store that cannot be written stops nothing.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import platformdirs

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


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine's results against the reference's.

    Errors are absolute, in the units of the correction; psnr in dB for a peak of 1.
    """

    maximum: float
    p999: float
    mean: float
    psnr: float
    nans: int


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An engine that qualified."""

    key: Key
    reference: str
    figures: Figures


class Store:
    """Records in a list of folders: read from all, written to the first.

    folders: by default the path list in $INTERNEG_ENGINES, else the user's cache folder.
    """

    def __init__(self, folders: Sequence[str | Path] = ()) -> None:
        listed = list(folders) or [p for p in os.environ.get(VARIABLE, "").split(os.pathsep) if p]
        own = Path(platformdirs.user_cache_dir("interneg", appauthor=False)) / "engines"
        self.folders = tuple(map(Path, listed)) or (own,)

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

    def publish(self, record: Record) -> Path | None:
        """Write a record, whole or not at all; of several writers the last wins. None where it cannot be."""
        folder = self.folders[0]
        path = folder / record.key.file
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(record), indent=2))
                os.replace(temporary, path)
            except OSError:
                os.unlink(temporary)
                raise
        except OSError as error:
            log.warning("the engine store cannot be written, engines are qualified at each start: %s", error)
            return None
        return path
