"""The folders of the store: which they are, and which of them is written to."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from interneg.engines import files
from interneg.errors import OutputError
from interneg.home import cache_folder, expanded
from interneg.publish import write_whole

log = logging.getLogger("interneg.engines")

VARIABLE = "INTERNEG_ENGINES"


class Folders:
    """Folders that are read in their order, and written to the first that can be.

    paths: by default the path list in $INTERNEG_ENGINES and then the user's own cache folder (where there is
    a home), which takes what a shared store that is read-only cannot. A folder of the list is made where it
    is not there, but not its parents: without them a share is not mounted. origin: what names the folders,
    for messages.
    """

    def __init__(self, paths: Sequence[str | Path] = (), origin: str = f"${VARIABLE}") -> None:
        self.paths = tuple(map(expanded, paths))
        self.origin = origin
        self._shares: tuple[Path, ...] = ()
        if not self.paths:
            listed = [expanded(p) for p in os.environ.get(VARIABLE, "").split(os.pathsep) if p]
            own = [cache / "engines"] if (cache := cache_folder()) else []
            self._shares = tuple(folder for folder in listed if folder not in own)
            self.paths = (*listed, *(folder for folder in own if folder not in listed))

    def first_writable(self) -> Path:
        """The first folder that can be written.

        Raises OutputError, naming all, where none can, or where a share before it seems not to be mounted:
        engines would go where nobody looks for them.
        """
        reasons = []
        for folder in self.paths:
            if self.unmounted(folder):
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
        why = "; ".join(reasons) or "this user has no home folder"
        raise OutputError(f"no folder for engines can be written ({why}): name one that can in {self.origin}")

    def write(self, name: str, data: bytes, otherwise: str) -> Path | None:
        """Write a file into the first folder that takes it, whole or not at all; of several writers the last
        wins. Returns its folder; None, and logged with what follows (`otherwise`), where no folder takes it.
        """
        reasons = []
        for folder in self.paths:
            if self.unmounted(folder):
                reasons.append(f"{folder}: {folder.parent} is not there; is the share mounted?")
                continue
            try:
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(folder / name, data)
            except OSError as error:
                reasons.append(f"{folder}: {files.words(error)}")
            else:
                return folder
        if reasons:  # else there is no folder, which was told
            log.warning("the engine store cannot be written, %s: %s", otherwise, "; ".join(reasons))
        return None

    def unmounted(self, folder: Path) -> bool:
        """Whether a folder that the variable names is on a share that seems not to be mounted."""
        return folder in self._shares and not folder.parent.exists()
