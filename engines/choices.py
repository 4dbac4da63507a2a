"""Choices: the precision that a model runs in by default on one kind of machine, as measured there once.

One small JSON file each, beside the records of the qualifications. The first that is written stays, so that
all processes that share a store take the same: frames of a shot must not differ by who measured when.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

import msgspec

from interneg.engines import files
from interneg.engines.folders import Folders
from interneg.engines.models import Precision
from interneg.errors import OutputError
from interneg.publish import write_whole

log = logging.getLogger("interneg.engines")


class ChoiceKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a choice depends on. weights: of each precision that was in question, and its ONNX's SHA-256.

    rules: versions of the qualification and of the measurement.
    """

    model: str
    weights: tuple[tuple[Precision, str], ...]
    runtime: str
    version: str
    device: str
    system: str
    rules: tuple[int, int]

    @property
    def stem(self) -> str:
        """What the names of its files begin with."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]
        return f"{self.model}-default-{self.runtime}-{digest}"


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured and chosen.

    seconds: processor time for one small picture. refused: the precisions that were not timed, and why not.
    """

    key: ChoiceKey
    precision: Precision
    seconds: dict[Precision, float]
    refused: dict[Precision, str]

    @property
    def reason(self) -> str:
        """Why it is that precision, in words."""
        gained = self.seconds["fp32"] / self.seconds[self.precision]
        text = f"measured {gained:.1f} times as fast as fp32"
        if self.precision == "fp32":
            text = (
                "measured, nothing is faster by a tenth" if len(self.seconds) > 1 else "nothing else will do"
            )
        return "; ".join((text, *(f"{p} is not taken: it {why}" for p, why in self.refused.items())))


def keep(folders: Folders, key: ChoiceKey, measure: Callable[[], Choice]) -> Choice | None:
    """The choice of a key: the one that is kept, or else a new one by `measure`, which is kept from then on.

    Of several processes that want it at once one measures and the others wait. None where there is none and
    no folder can be written: a choice that cannot be kept could be another one in the next process.
    Raises what `measure` does.
    """
    found = _find(folders, key)
    if found is not None:
        return found
    try:
        folder = folders.first_writable()
    except OutputError as error:
        log.warning("the default precision of %s is not measured: %s", key.model, error)
        return None
    with files.locked(folder / f".{key.stem}.lock"):
        found = _find(folders, key)
        if found is not None:
            return found
        path = folder / f"{key.stem}.json"
        damaged = path.exists()
        choice = measure()
        data = msgspec.json.format(msgspec.json.encode(choice), indent=2)
        try:
            # One that is there was found to be of no use.
            (write_whole if damaged else files.write_first)(path, data)
        except OSError as error:
            log.warning("%s could not be written: %s", path, files.words(error))
    return _find(folders, key)


def _find(folders: Folders, key: ChoiceKey) -> Choice | None:
    for folder in folders.paths:
        path = folder / f"{key.stem}.json"
        try:
            choice = msgspec.json.decode(path.read_bytes(), type=Choice)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.warning("%s is not used: %s", path, error)
            continue
        if choice.key == key and {"fp32", choice.precision} <= choice.seconds.keys():
            return choice
        log.warning("%s is not used: it is about another model", path)
    return None
