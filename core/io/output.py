"""Outputs: whole frames only, written beside their place and moved there."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

from interneg.errors import InputError, OutputError, UsageError, unreachable
from interneg.frame import DEPTHS, Frame
from interneg.io.clip import Clip, content_digest, refuse_same
from interneg.io.formats import image_format, is_movie, unknown_extension
from interneg.io.pixels import once
from interneg.io.sequence import Pattern, number_in
from interneg.publish import replacing

__all__ = ["Output", "open_output"]

log = logging.getLogger("interneg.io")

PREFIX = "interneg:"
SPACE = "interneg:colourspace"
SIDECARS = ".interneg"


class Output(Protocol):
    """Where a render's frames go. Image outputs may be written from several threads, movies in order."""

    @property
    def is_movie(self) -> bool:
        """Whether all frames go to one movie file."""

    def path_of(self, number: int) -> Path:
        """The file that the frame goes to."""

    def write(self, frame: Frame, provenance: Mapping[str, str]) -> Path:
        """Write one frame under its own number, and return its file. Raises OutputError, leaving nothing."""

    def provenance(self, number: int) -> dict[str, str] | None:
        """What the frame that is there was made from.

        Empty for a file that is not ours or was changed since we wrote it: such is kept unless overwriting
        was asked for. None where nothing worth keeping is there: no frame, an empty file, or what damage
        left of one of ours.
        """

    def close(self) -> None:
        """Finish; a movie gets its name now."""

    def abort(self) -> None:
        """Give up: whole frames stay, an unfinished movie goes."""


@unreachable(OutputError)
def open_output(
    path: str | Path,
    like: Clip,
    *,
    overwrite: bool = False,
    depth: str | None = None,
    rate: Fraction | None = None,
    numbers: Sequence[int] | None = None,
) -> Output:
    """Open the place where a render goes; nothing is touched yet.

    path: a sequence pattern, a folder (named as the input's files are; a movie's frames as name.####.exr),
        one image (for one frame), or a movie.
    like: the clip that is read; its files are never written over.
    overwrite: whether files that Interneg did not make may be replaced. Its own frames (those that carry
        provenance) always may: that is how an interrupted or changed render goes on.
    depth: how samples are stored, one of DEPTHS, instead of as in the source.
    rate: frames per second of a movie, instead of the input's (24 where neither says).
    numbers: the frames to be written, by default those of `like`.

    Depths, where the format lacks the frame's own:

    ===========  ===========================================================================
    EXR          8 and 10 bit become half, 12 and 16 bit float (each keeps all codes)
    DPX          half and float become 16 bit
    TIFF         10 and 12 bit stay (DPX too), half and 32-bit integers become float
    PNG          10 and 12 bit, half and float become 16 bit
    JPEG         all become 8 bit; quality 95, no chroma subsampling
    ===========  ===========================================================================

    Integer formats hold 0..1: what lies outside is clipped, NaN stored as 0, and both are counted and
    logged once per output ("interneg.io"). Provenance is kept in a side file `.interneg/NAME.json` beside the
    frame, with the file's size and a hash of its bytes, by which damage is found; and as "interneg:..."
    attributes in EXR and PNG, which go with a file that is taken elsewhere (there only the rows at both ends
    are looked at), together with the frame's colour space as "interneg:colourspace". Movies are described at
    `interneg.io.movie_output.MovieOutput`.
    A movie gets the sound of a movie source, where all frames of a stretch go there at their own rate; what
    else the source holds (subtitles, data) is logged as not carried, as is sound where it does not go.
    Raises UsageError where the output is the input, or a name that cannot hold the frames.
    """
    path = Path(path)
    if depth is not None and depth not in DEPTHS:
        raise UsageError(f"depth '{depth}' does not exist; choose one of {', '.join(DEPTHS)}")
    others = _others(like)
    wanted = tuple(numbers if numbers is not None else like.numbers)
    if is_movie(path) and not path.is_dir():
        from interneg.io.movie import MovieClip
        from interneg.io.movie_output import MovieOutput

        refuse_same(like, {0: path})
        rate = rate or like.rate
        sound = like.sound(wanted, rate) if isinstance(like, MovieClip) else None
        others = [o for o in others if not (sound and o.startswith("audio"))]
        _tell_others(like, others)
        return MovieOutput(path, overwrite=overwrite, rate=rate, depth=depth, sound=sound)
    _tell_others(like, others)
    names = _names(path, like)
    if isinstance(names, Path):
        if len(wanted) > 1:
            raise UsageError(
                f"{path}: one image cannot hold {len(wanted)} frames; write NAME.####{path.suffix}"
            )
        kind = image_format(names)
    else:
        kind = image_format(names.path(0))
    if kind is None:
        raise unknown_extension(names if isinstance(names, Path) else names.path(0))
    out = ImageOutput(names, overwrite=overwrite, depth=depth)
    refuse_same(like, {n: out.path_of(n) for n in wanted})
    return out


def _others(like: Clip) -> Sequence[str]:
    if not like.is_movie:
        return ()
    from interneg.io.movie import MovieClip

    return like.others if isinstance(like, MovieClip) else ()


def _tell_others(like: Clip, others: Sequence[str]) -> None:
    if others:
        log.warning("%s: not carried to the output: %s", like, ", ".join(others))


def _names(path: Path, like: Clip) -> Pattern | Path:
    pattern = Pattern.parse(path)
    if pattern:
        return pattern
    if not path.is_dir() and path.suffix:
        return path
    source = like.path_of(like.numbers[0])
    if source is None or like.is_movie:
        return Pattern(path, f"{source.stem if source else 'frame'}.", 4, ".exr")
    parts = number_in(source)
    return Pattern(path, parts[0], len(parts[1]), parts[2]) if parts else path / source.name


class ImageOutput:
    """Frames to image files, each whole or not there."""

    is_movie = False

    def __init__(self, names: Pattern | Path, *, overwrite: bool, depth: str | None) -> None:
        self._names = names
        self._overwrite = overwrite
        self._depth = depth
        self._tell = once()
        self._looked = False

    def path_of(self, number: int) -> Path:
        return self._names if isinstance(self._names, Path) else self._names.path(number)

    def write(self, frame: Frame, provenance: Mapping[str, str]) -> Path:
        from interneg.io.images import lost_attributes, write_image

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
            )
            if not self._looked:
                self._looked = True
                if lost := lost_attributes(temporary, frame):
                    more = f" and {len(lost) - 12} more" if len(lost) > 12 else ""
                    sentence = f"the file cannot hold the attributes {', '.join(lost[:12])}{more}"
                    self._tell(path, frame.number, "attributes", sentence)
            write_sidecar(path, temporary, content_digest(temporary), {frame.number: provenance})
        return path

    def provenance(self, number: int) -> dict[str, str] | None:
        from interneg.io.damage import damage
        from interneg.io.images import read_attributes, read_image

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
        try:
            found = read_attributes(path)
        except InputError:
            found = {}
        own = {
            k.removeprefix(PREFIX): str(v) for k, v in found.items() if k.startswith(PREFIX) and k != SPACE
        }
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


class Sidecar(NamedTuple):
    """What is kept beside a file of ours: its digest and size, its frames' provenance.

    head: a hash of its first bytes. before: the digest of the file of ours that it replaced.
    """

    digest: str
    size: int
    head: str
    before: str
    frames: dict[int, dict[str, str]]


def write_sidecar(path: Path, content: Path, digest: str, frames: Mapping[int, Mapping[str, str]]) -> None:
    """Keep the provenance of a file's frames beside it, before `content` becomes that file.

    In this order an end at any moment leaves no file of ours that would be taken for a stranger's. Raises
    OSError and OutputError.
    """
    former = read_sidecar(path)
    kept = Sidecar(
        digest,
        content.stat().st_size,
        head_digest(content),
        former.digest if former else "",
        {n: dict(p) for n, p in frames.items()},
    )
    with replacing(path.parent / SIDECARS / f"{path.name}.json") as temporary:
        temporary.write_text(json.dumps(kept._asdict(), indent=1), encoding="utf-8")


def read_sidecar(path: Path) -> Sidecar | None:
    """What is kept beside a file, None where there is nothing that can be read."""
    try:
        kept = json.loads((path.parent / SIDECARS / f"{path.name}.json").read_text(encoding="utf-8"))
        frames = {int(n): {str(k): str(v) for k, v in p.items()} for n, p in kept["frames"].items()}
        return Sidecar(str(kept["digest"]), int(kept["size"]), str(kept["head"]), str(kept["before"]), frames)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def head_digest(path: Path) -> str:
    """A hash of the first KiB of a file. Raises OSError."""
    with open(path, "rb") as f:
        return hashlib.blake2b(f.read(1024), digest_size=16).hexdigest()
