"""Records: how an engine qualified on a machine, one small JSON file each, with the key that it holds for.

One that is missing, unreadable or about something else is made again, so a store that cannot be written stops
nothing.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from pathlib import Path

import msgspec

from interneg.engines.folders import Folders
from interneg.engines.manifest import Figures

log = logging.getLogger("interneg.engines")


class QualificationKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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

    key: QualificationKey
    reference: str
    figures: Figures


def find(folders: Folders, key: QualificationKey) -> Record | None:
    """The record of a key, from the first folder that has it."""
    for folder in folders.paths:
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


def readable(folders: Folders) -> list[Record]:
    """All that can be read, of all folders; the others are passed over."""
    found = []
    for folder in folders.paths:
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            with suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
                found.append(msgspec.json.decode(path.read_bytes(), type=Record))
    return found


def publish(folders: Folders, record: Record) -> Path | None:
    """Write a record, whole or not at all; of several writers the last wins. None where it cannot be."""
    data = msgspec.json.format(msgspec.json.encode(record), indent=2)
    folder = folders.write(record.key.file, data, "engines are qualified at each start")
    return None if folder is None else folder / record.key.file
