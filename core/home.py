"""Folders of the user's own, and what holds where the user has none, as in containers and on farms."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import platformdirs

from interneg.errors import OutputError, UsageError

__all__ = ["cache_folder", "data_folder", "expanded", "home_folder", "tell_once"]

log = logging.getLogger("interneg")

_NONE = "this user has no home folder"


def cache_folder() -> Path | None:
    """Where what can be made again is kept; None, which is logged once, where the user has no home."""
    try:
        return Path(platformdirs.user_cache_dir("interneg", appauthor=False))
    except RuntimeError:
        tell_once()
        return None


@cache
def tell_once() -> None:
    """Log, the first time in a process, that nothing is kept."""
    log.warning("%s, so no cache is kept: set $HOME or $XDG_CACHE_HOME to have one", _NONE)


def data_folder(name: str = "interneg") -> Path:
    """Where what the user may want again is kept. Raises OutputError where the user has no home."""
    try:
        return platformdirs.user_data_path(name, appauthor=False)
    except RuntimeError:
        raise OutputError(f"{_NONE}, and what is asked for goes there: set $HOME or $XDG_DATA_HOME") from None


def home_folder() -> Path:
    """The user's home. Raises OutputError where there is none."""
    try:
        return Path.home()
    except RuntimeError:
        raise OutputError(f"{_NONE}, and what is asked for goes there: set $HOME") from None


def expanded(path: str | Path) -> Path:
    """The path with "~" resolved. Raises UsageError where there is no such home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{path}: there is no home folder that '~' could stand for; write the path whole"
        ) from None
