"""What a render looks at beside its input: mask (where to treat), matte (damage), reference plate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame
from interneg.io import Output, open_clip, refuse_same
from interneg.plugin.batch.ahead import ReadAhead, ReadLate
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.source import ClipSource, StillSource


def open_mask(path: str, colour: Colour, wanted: Sequence[int], output: Output | None) -> ReadAhead:
    """Open the mask for the wanted frames, see `_source`; InputError where it would mask nothing, too."""
    return ReadAhead(_source(path, colour, wanted, output, "mask", _check_mask))


def open_matte(path: str, colour: Colour, wanted: Sequence[int], output: Output | None) -> ReadAhead:
    """Open the matte for the wanted frames, see `_source`."""
    return ReadAhead(_source(path, colour, wanted, output, "matte", lambda frame, path: None))


def open_reference(path: str, colour: Colour, wanted: Sequence[int], output: Output | None) -> ReadAhead:
    """Open the reference plate, which has to show the wanted frames, see `_source`.

    In the place of a frame beside these that the clip does not have stands the nearest one.
    """
    return ReadLate(_source(path, colour, wanted, output, "reference", lambda frame, path: None))


def _source(
    path: str,
    colour: Colour,
    wanted: Sequence[int],
    output: Output | None,
    what: str,
    check: Callable[[Frame, str], None],
) -> ClipSource | StillSource:
    """Open a further clip for the wanted frames; one image holds for all of them.

    Raises InputError, saying what it is, where it cannot be read, and UsageError where the output would
    overwrite it.
    """
    try:
        clip = open_clip(path)
        if output is not None:
            refuse_same(clip, {n: output.path_of(n) for n in wanted})
        still = len(clip.numbers) == 1
        numbers = clip.numbers if still else wanted
        black = ", black where nothing is to be repaired" if what == "matte" else ""
        require(clip, path, numbers, advice=f". Supply them{black}, or give one image for all frames")
        source = ClipSource(
            clip, path, numbers, colour=colour, advice="", picture=what == "reference"
        )  # fmt: skip
        check(source.frame(numbers[0]), path)
    except InputError as error:
        raise InputError(f"the {what}: {error}") from error
    return StillSource(source, wanted) if still else source


def _check_mask(frame: Frame, path: str) -> None:
    """Refuse a matte that was painted into the colour of a picture with an opaque alpha."""
    if "A" not in frame.channels:
        return
    alpha = frame.pixels[frame.channels.index("A")]
    if (alpha == 1).all() and (frame.pixels[list(frame.colour_channels)] != 1).any():
        names = ", ".join(frame.channels[c] for c in frame.colour_channels)
        raise InputError(
            f"{path}: A says how much to treat, but in frame {frame.number} it is 1 everywhere while {names} "
            "are not, so that nothing would be masked; put the matte into A, or leave A out (then the first "
            "channel counts)"
        )
