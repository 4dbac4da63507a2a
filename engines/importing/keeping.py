"""Entries of the user's own in a model folder: which folder, whether a name is free, how they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interneg.engines.entry_text import toml_text
from interneg.engines.models import VARIABLE, Catalogue, Model, listed_folders, own_folder
from interneg.errors import OutputError, UsageError
from interneg.publish import write_whole


def target_folder(asked: Path | None) -> Path:
    """The folder that a model goes to: the one asked for, the first in $INTERNEG_MODELS, or the user's own.

    Raises OutputError where there is none.
    """
    folder = asked or next(iter(listed_folders()), None) or own_folder()
    if folder is None:
        raise OutputError(
            f"this user has no home folder to keep models in: name one with --folder or ${VARIABLE}"
        )
    return folder


def is_searched(folder: Path) -> bool:
    """Whether renders and hosts look for models in a folder: $INTERNEG_MODELS, and the user's own."""
    own = own_folder()
    return folder.resolve() in {p.resolve() for p in (*listed_folders(), *((own,) if own else ()))}


def unsearched(folder: Path) -> str:
    """What to tell of a folder that is not searched."""
    return f"no render or host looks into {folder}: add it to ${VARIABLE} before you use the model"


def require_free(name: str, known: Mapping[str, Model], folder: Path, overwrite: bool) -> None:
    """Raise UsageError where a model of that name is kept elsewhere, or here and may not be overwritten."""
    if isinstance(known, Catalogue) and name in known.unusable:
        raise UsageError(f"{known.unusable[name]}; or give this one another --name")
    if name not in known:
        return
    place = Path(known[name].weights["fp32"].file).parent
    if place.resolve() != folder.resolve():
        raise UsageError(f"there is a model '{name}' in {place} already: give this one another --name")
    if not overwrite:
        raise UsageError(f"there is a model '{name}' in {place} already: give --overwrite, or another --name")


def named(file: str, data: bytes) -> dict[str, str]:
    """A file as an entry names it, with its SHA-256."""
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest()}


def keep_entry(folder: Path, name: str, files: Mapping[str, bytes], entry: Mapping[str, Any]) -> None:
    """Write an entry and its files into a model folder, which is made where it is not there.

    Raises OutputError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_entry(folder, name, files, entry)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be written: {error.strerror}; name another with --folder"
        ) from error


def write_entry(folder: Path, name: str, files: Mapping[str, bytes], entry: Mapping[str, Any]) -> None:
    """Write an entry and its files, the entry last: with it the model is there. Raises OSError."""
    for file, data in files.items():
        write_whole(folder / file, data)
    write_whole(folder / f"{name}.toml", toml_text(dict(entry)).encode())
