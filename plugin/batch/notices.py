"""What a user should know of the pictures of a clip before they are rendered."""

from __future__ import annotations

from collections.abc import Iterator

from interneg.colour import Colour
from interneg.frame import Frame
from interneg.io.attributes import colour_model

__all__ = ["notices"]


def notices(frame: Frame, space: str, by_default: bool, colour: Colour) -> Iterator[str]:
    """Sentences on what is taken for granted of a clip.

    frame: one of its frames. space: of the clip. by_default: whether nobody said so, which is to be told.
    """
    if not frame.colour_channels:
        return
    if by_default:
        usual = ", ".join(f"'{name}'" for name in colour.usual_light())
        yield (
            f"the files do not say which colour space they are in, and are taken for '{space}'; name theirs "
            "with --input-space" + (f". Comps, renders and plates are most often in {usual}" if usual else "")
        )
    if model := colour_model(frame.metadata):
        yield (
            f"the files hold {model}; it is read as R, G, B ({frame.depth[frame.colour_channels[0]]}) "
            "without its profile, and written as R, G, B"
        )
    if len(frame.colour_layers) > 1:
        treated = ", ".join(frame.channels[c] for c in frame.colour_channels)
        own = frame.channels[frame.colour_channels[0]][:-1]
        others = ", ".join(n.rstrip(".") or "R, G, B" for n in frame.colour_layers if n != own)
        yield (
            f"the picture is {treated}; these layers are carried as they are, in their own colour space: "
            f"{others}"
        )
    if count := sum(bool(part.colour_channels) for part in frame.parts):
        pictures = f"{count} further picture{'s' * (count > 1)}"
        yield f"the files hold {pictures}, as pages or parts, which are carried as they are"
