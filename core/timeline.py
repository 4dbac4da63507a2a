"""Timelines of editors, through OpenTimelineIO: where their cuts are. The only importer of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from interneg.cut_list import Span
from interneg.errors import UsageError

# OpenTimelineIO is imported where it is used: few renders need it.

__all__ = ["is_timeline", "timeline_spans"]

_ADAPTERS = {
    ".aaf": "otio-aaf-adapter",
    ".xml": "otio-fcp-adapter",
    ".fcpxml": "otio-fcpx-xml-adapter",
}
"""What reads the formats of editors that OpenTimelineIO's own package does not."""

_OWN = (".otio", ".otioz", ".otiod")


def is_timeline(path: Path) -> bool:
    """Whether a file is a timeline, by its name."""
    return path.suffix.casefold() in (*_OWN, *_ADAPTERS)


def timeline_spans(path: Path, rate: float | None) -> list[Span]:
    """The pieces of a timeline's picture, in frames from its beginning on.

    What is in the video tracks counts: clips that are on, and those in compound clips; a dissolve belongs to
    the clips at its cut. rate: frames per second of the clip that it is for, None where that does not say.
    Raises UsageError for a file that cannot be read, one of several timelines, and another rate.
    """
    timeline = _read(path)
    tracks = timeline.tracks
    found = list(_spans(tracks, 0.0, (0.0, tracks.duration().to_seconds()), ()))
    own = next((c.trimmed_range().duration.rate for c in timeline.find_clips()), None)
    if not found or own is None:
        raise UsageError(f"the timeline {path} has no clip in its video tracks")
    if rate is not None and round(rate) != round(own):
        raise UsageError(
            f"the timeline {path} has {own:g} frames a second, and the clip {rate:g}: export it at that "
            "rate, or give frame numbers"
        )
    return [Span(round(begin * own), round(end * own), layer) for begin, end, layer in found]


def _read(path: Path) -> Any:
    """The one opentimelineio.schema.Timeline of a file."""
    import opentimelineio as otio

    suffix = path.suffix.casefold()
    if suffix[1:] not in otio.adapters.suffixes_with_defined_adapters(read=True):
        raise UsageError(
            f"{path}: timelines of the type '{suffix}' are read by {_ADAPTERS[suffix]}, which is not "
            "installed: pip install 'interneg[timelines]', or give an EDL or frame numbers"
        )
    try:
        found = otio.adapters.read_from_file(str(path))
    except Exception as error:
        # Adapters are other people's, and raise whatever their parsers do.
        reason = " ".join(str(error).split()) or "it is damaged, or of another kind than its name says"
        raise UsageError(f"the timeline {path} cannot be read: {reason}") from error
    if isinstance(found, otio.schema.SerializableCollection):
        timelines = found.find_children(descended_from_type=otio.schema.Timeline)
    else:
        timelines = [found] if isinstance(found, otio.schema.Timeline) else []
    if len(timelines) != 1:
        names = f" ({', '.join(t.name for t in timelines)})" if timelines else ""
        raise UsageError(
            f"{path} holds {len(timelines)} timelines{names}: export the one that is meant alone"
        )
    return timelines[0]


def _spans(
    parent: Any, offset: float, window: tuple[float, float], layer: tuple[int, ...]
) -> Iterator[tuple[float, float, tuple[int, ...]]]:
    """The pieces in a composition: begin and end in seconds of the timeline, and the layer.

    offset: where the composition's visible part begins. window: what is seen of it.
    """
    import opentimelineio as otio

    stacked = isinstance(parent, otio.schema.Stack)
    visible = parent.trimmed_range().start_time.to_seconds()
    for place, child in enumerate(parent):
        if isinstance(child, (otio.schema.Transition, otio.schema.Gap)) or not child.enabled:
            continue
        if isinstance(child, otio.schema.Track) and child.kind != otio.schema.TrackKind.Video:
            continue
        span = parent.range_of_child(child)
        start = span.start_time.to_seconds() - visible + offset
        begin = max(start, window[0])
        end = min(start + span.duration.to_seconds(), window[1])
        own = (*layer, place) if stacked else layer
        if end <= begin:
            continue
        if isinstance(child, otio.core.Composition) and not child.effects:
            yield from _spans(child, start, (begin, end), own)
        else:
            yield begin, end, own
