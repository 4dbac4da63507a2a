"""Cut lists: the first frames of shots, as frame numbers, as an EDL, or out of spans of a timeline.

An EDL is a list of the form CMX 3600, which every editor writes a little differently: its events are read by
what they have in common, an event that cannot be read is an error, and what is no event is passed over.
Decision 22 says why no library reads it here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from interneg.errors import UsageError

__all__ = ["Span", "cuts_of", "parse_cuts"]

log = logging.getLogger("interneg")

_TIMES = r"\d{1,2}[:;.,]\d\d[:;.,]\d\d[:;.,]\d{2,3}", r"\d+"
"""Timecodes, or numbers of frames: in and out are alike."""
_EVENTS = tuple(
    re.compile(
        # Number, reel (which may have blanks), tracks, edit with its operands, source in and out, record in
        # and out.
        r"\d+[A-Z]?\s+\S.*?\s+(?P<track>[ABV/\d]+|NONE)\s+(?:C|D|W\d*|K[BO]?)\b.*?\s"
        rf"(?:{source})\s+(?:{source})\s+(?P<begin>{record})\s+(?P<end>{record})",
        re.ASCII,
    )
    for source, record in product(_TIMES, _TIMES)
)
_HEADER = re.compile(r"(?:TITLE|FCM)\s*:", re.IGNORECASE)
_NON_DROP = re.compile(r"NON.?DROP", re.IGNORECASE)
_LONGEST = 500
"""Signs in the line of an event; no editor writes as many."""
_DAY = 24 * 3600
_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
"""Frames a second that timecodes count."""


class Span(NamedTuple):
    """A piece of a timeline: its first frame, the one after its last, and its layer.

    Of several at one time the one of the highest layer is seen, of one layer the last.
    """

    begin: int
    end: int
    layer: tuple[int, ...] = ()


def cuts_of(spans: Iterable[Span], first: int) -> list[int]:
    """The first frame of each shot of a timeline that starts at frame `first`.

    A shot starts wherever another span is seen from, or none any more.
    """
    pieces = [s for s in spans if s.end > s.begin]
    moments = sorted({at for s in pieces for at in (s.begin, s.end)})
    begins = sorted(range(len(pieces)), key=lambda k: pieces[k].begin, reverse=True)
    cuts, open_now, seen = [], set[int](), -1
    for moment in moments:
        while begins and pieces[begins[-1]].begin <= moment:
            open_now.add(begins.pop())
        open_now = {k for k in open_now if pieces[k].end > moment}
        top = max(open_now, key=lambda k: (pieces[k].layer, k), default=-1)
        if top != seen:
            cuts.append(first + moment)
        seen = top
    return cuts


def parse_cuts(text: str, numbers: Sequence[int], rate: float | None) -> list[int]:
    """Read the first frame of each shot out of a cut list.

    text: frame numbers (separated by white space or commas, # starts a comment), or a CMX 3600 EDL, whose
    earliest record-in is the first of `numbers`. rate: frames per second of the EDL's timecodes; None for
    what they need at the least, which is logged. Drop-frame timecodes have ";" or "," before their frames, or
    "FCM: DROP FRAME" before the first event.
    Raises UsageError naming the line that is neither, and for timecodes that the rate has not.
    """
    lines = [line.strip() for line in text.splitlines()]
    events = [found for line in lines if (found := _event(line))]
    if events or any(_HEADER.match(line) for line in lines):
        spans = _spans(lines, rate)
        return cuts_of(spans, numbers[0])
    cuts: list[int] = []
    for at, line in enumerate(lines, 1):
        for word in line.split("#")[0].replace(",", " ").split():
            try:
                cuts.append(int(word))
            except ValueError:
                raise UsageError(
                    f"line {at} of the cut list has '{word}': expected frame numbers or a CMX 3600 EDL"
                ) from None
    return sorted(set(cuts))


def _spans(lines: Sequence[str], rate: float | None) -> list[Span]:
    """The events of the picture in an EDL, from its earliest on."""
    found: list[tuple[str, str, tuple[int, ...]]] = []
    dropping: bool | None = None
    for at, line in enumerate(lines, 1):
        event = _event(line)
        if event and (layer := _layer(event["track"])) is not None:
            found.append((event["begin"], event["end"], layer))
        elif not event and re.match(r"\d", line):
            raise UsageError(
                f"line {at} of the EDL cannot be read: '{line}'; expected number, reel, track, edit and four "
                "timecodes"
            )
        elif _HEADER.match(line) and line[:3].upper() == "FCM" and not found and dropping is None:
            dropping = not _NON_DROP.search(line)  # later ones are about sources
    if not found:
        raise UsageError("the EDL has no event of the picture (a track V or B)")
    times = [time for event in found for time in event[:2]]
    drops = bool(dropping) or any(re.search(r"[;,]\d+$", time) for time in times)
    nominal = _nominal(times, rate, drops)
    counted = [_frames(time, nominal, drops and (bool(dropping) or time[-3] in ";,")) for time in times]
    pieces = [(begin, end) for begin, end in zip(counted[::2], counted[1::2], strict=True)]
    if any(end < begin for begin, end in pieces):  # it goes over midnight
        day, noon = _DAY * nominal, _DAY * nominal // 2
        counted = [frame + day * (frame < noon) for frame in counted]
    origin = min(counted)
    starts, ends = counted[::2], counted[1::2]
    layers = (layer for _, _, layer in found)
    return [Span(b - origin, e - origin, layer) for b, e, layer in zip(starts, ends, layers, strict=True)]


def _event(line: str) -> re.Match[str] | None:
    if len(line) > _LONGEST:
        return None
    return next((found for event in _EVENTS if (found := event.fullmatch(line))), None)


def _layer(track: str) -> tuple[int, ...] | None:
    """The layer of a track, None for one of sound alone: V, V2, B (both), AA/V, A2/V, VA1."""
    if track == "B":
        return (1,)
    found = re.search(r"V(\d*)", track)
    return (int(found[1] or 1),) if found else None


def _nominal(times: Sequence[str], rate: float | None, drops: bool) -> int:
    """Frames that timecodes count in a second. Raises UsageError for those that the rate has not."""
    most = max((int(re.split("[:;.,]", t)[-1]) for t in times if not t.isdigit()), default=0)
    if rate is None:
        known = [n for n in _RATES if n > most and (not drops or n % 30 == 0)]
        nominal = known[0] if known else most + 1
        log.info("the EDL is read at %d frames a second, since the clip does not say", nominal)
        return nominal
    nominal = round(rate)
    advice = "export the EDL at the clip's rate, or give frame numbers"
    if drops and nominal % 30:
        raise UsageError(
            f"the EDL counts drop-frame timecodes, which 29.97 and 59.94 frames a second have, and the clip "
            f"has {rate:g}: {advice}"
        )
    if most >= nominal:
        raise UsageError(
            f"the EDL has a timecode of frame {most} in its second, and the clip {rate:g} frames a second: "
            f"{advice}"
        )
    return nominal


def _frames(time: str, nominal: int, drops: bool) -> int:
    """Frames of an HH:MM:SS:FF timecode; drop-frame leaves out numbers (SMPTE ST 12-1, 5.2.2), not frames.

    Each minute but every tenth starts with the third number at 30 frames a second, the fifth at 60.
    """
    if time.isdigit():
        return int(time)
    hours, minutes, seconds, frames = (int(v) for v in re.split("[:;.,]", time))
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    passed = hours * 60 + minutes
    return total - (nominal // 15 * (passed - passed // 10) if drops else 0)
