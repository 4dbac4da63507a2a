"""Outputs: whole frames only, written beside their place and moved there."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal, Protocol

from interneg.errors import OutputError, UsageError, unreachable
from interneg.frame import DEPTHS, Frame
from interneg.io.clip import Clip
from interneg.io.formats import image_format, is_movie, unknown_extension
from interneg.io.image_output import ImageOutput
from interneg.io.same_file import refuse_same
from interneg.io.sequence import Pattern, pattern_like

__all__ = ["Output", "open_output"]

log = logging.getLogger("interneg.io")


class Output(Protocol):
    """Where a render's frames go. Image outputs may be written from several threads, movies in order."""

    @property
    def is_movie(self) -> bool:
        """Whether all frames go to one movie file."""

    def path_of(self, number: int) -> Path:
        """The file that the frame goes to."""

    def write(self, frame: Frame, provenance: Mapping[str, str], seconds: float | None = None) -> Path:
        """Write one frame under its own number, and return its file. Raises OutputError, leaving nothing.

        provenance: what it was made from. seconds: what it took to render, to be kept in the side file.
        """

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
    sound: Literal["copy", "convert", "none"] = "copy",
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
    sound: what becomes of a movie's sound in a movie: it is copied, and what the container cannot hold is
        left out (logged) or converted; or none is written.

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
    A movie gets the times and the sound of a movie source, where all frames of a stretch go there at their
    own rate; what else the source holds (subtitles, data) is logged as not carried, as is
    sound where it does not go.
    Raises UsageError where the output is the input, or a name that cannot hold the frames.
    """
    path = Path(path)
    if depth is not None and depth not in DEPTHS:
        raise UsageError(f"depth '{depth}' does not exist; choose one of {', '.join(DEPTHS)}")
    others = _others(like)
    wanted = tuple(numbers if numbers is not None else like.numbers)
    if is_movie(path) and not path.is_dir():
        from interneg.io.movie_clip import MovieClip
        from interneg.io.movie_output import MovieOutput

        refuse_same(like, {0: path})
        rate = rate or like.rate
        timing = like.timing(wanted, rate) if isinstance(like, MovieClip) else None
        track = like.sound(wanted, rate) if isinstance(like, MovieClip) and sound != "none" else None
        _tell_others(like, [o for o in others if not (o.startswith("audio") and (track or sound == "none"))])
        return MovieOutput(
            path,
            overwrite=overwrite,
            rate=rate,
            depth=depth,
            timing=timing,
            sound=track,
            convert=sound == "convert",
        )
    _tell_others(like, others)
    names = _names(path, like)
    if isinstance(names, Path):
        if len(wanted) > 1:
            raise UsageError(f"{path}: one image cannot hold {len(wanted)} frames; {_meant(path)}")
        kind = image_format(names)
    else:
        kind = image_format(names.path(0))
    if kind is None:
        raise unknown_extension(names if isinstance(names, Path) else names.path(0), writing=True)
    out = ImageOutput(names, overwrite=overwrite, depth=depth)
    refuse_same(like, {n: out.path_of(n) for n in wanted})
    return out


def _meant(path: Path) -> str:
    """What to write in place of a name without a frame number that `path` is."""
    meant = re.sub(r"\*|\$F\d*", "####", path.name)
    if meant != path.name:
        return f"did you mean '{path.with_name(meant)}'?"
    return f"write {path.stem}.####{path.suffix}"


def _others(like: Clip) -> Sequence[str]:
    if not like.is_movie:
        return ()
    from interneg.io.movie_clip import MovieClip

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
    return pattern_like(path, {n: p for n in like.numbers if (p := like.path_of(n))})
