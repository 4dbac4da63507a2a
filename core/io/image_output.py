"""An output of image files, one a frame, each whole or not there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from interneg.errors import InputError, OutputError
from interneg.frame import Frame
from interneg.io.digests import content_digest
from interneg.io.formats import image_format
from interneg.io.made_from import PREFIX, SPACE, attributes_of_ours
from interneg.io.pixels import once
from interneg.io.sequence import Pattern
from interneg.io.sidecar import SIDECARS, read_sidecar, write_sidecar
from interneg.publish import remove_old, replacing

# The writer loads OpenImageIO, which what only names files does without: it is imported where it is used.

__all__ = ["ImageOutput"]


class ImageOutput:
    """Frames to image files; see `interneg.io.output.Output`. Safe to write to from several threads.

    names: the pattern of the files, or the one file. overwrite, depth: as for `open_output`.
    """

    is_movie = False

    def __init__(self, names: Pattern | Path, *, overwrite: bool, depth: str | None) -> None:
        self._names = names
        self._overwrite = overwrite
        self._depth = depth
        self._tell = once()
        self._looked = False

    def path_of(self, number: int) -> Path:
        """The file that the frame goes to."""
        return self._names if isinstance(self._names, Path) else self._names.path(number)

    def write(self, frame: Frame, provenance: Mapping[str, str], seconds: float | None = None) -> Path:
        """Write one frame and its side file, and return its path. Raises OutputError, leaving nothing."""
        from interneg.io.image_writer import write_image

        path = self.path_of(frame.number)
        if not self._overwrite and path.exists() and self.provenance(frame.number) == {}:
            raise OutputError(
                f"{path}: the file exists and is not a frame of ours, or was changed since; remove it or "
                "allow overwriting"
            )
        kind = image_format(path)
        inside = kind is not None and kind.own_provenance
        attributes = {PREFIX + k: v for k, v in provenance.items()}
        if frame.colour_space:
            attributes[SPACE] = frame.colour_space
        with replacing(path) as temporary:
            write_image(
                temporary,
                frame,
                attributes=attributes if inside else {},
                depth=self._depth,
                warn=lambda what, sentence: self._tell(path, frame.number, what, sentence),
                on=path,
                look=not self._looked,
            )
            if not self._looked:
                self._looked = True
                for folder in (path.parent, path.parent / SIDECARS):
                    if folder.is_dir():
                        remove_old(folder, temporary.stat().st_mtime)
            took = {} if seconds is None else {frame.number: seconds}
            write_sidecar(path, temporary, content_digest(temporary), {frame.number: provenance}, took)
        return path

    def provenance(self, number: int) -> dict[str, str] | None:
        """What the frame that is there was made from; see `Output.provenance`."""
        from interneg.io.damage import damage
        from interneg.io.image_reader import read_image

        path = self.path_of(number)
        try:
            size = path.stat().st_size
            if not size:
                return None
            kept, digest = read_sidecar(path), content_digest(path)
        except OSError:
            return None if not path.exists() else {}
        if kept and digest == kept.digest:
            return kept.frames.get(number, {})
        own = attributes_of_ours(path)
        if kept and digest == kept.before:
            return own or None
        if own and damage(path):
            return None
        # EXR drops empty entries, so what stands in the file is a part of what was written
        if kept is None or not own.items() <= kept.frames.get(number, {}).items():
            return own  # taken here from elsewhere, without its side file
        if size <= kept.size:
            try:
                read_image(path)
            except InputError:
                return None
        return {}

    def close(self) -> None:
        """Every frame is finished when `write` returns."""

    def abort(self) -> None:
        """Every frame is finished when `write` returns."""
