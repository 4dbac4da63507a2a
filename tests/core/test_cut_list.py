"""Cut lists: frame numbers, and EDLs as editors write them."""

from __future__ import annotations

import logging

import opentimelineio as otio
import pytest

from interneg.cut_list import Span, cuts_of, parse_cuts
from interneg.errors import UsageError

NUMBERS = range(1001, 9000)

EDL = """TITLE: REEL 3
FCM: NON-DROP FRAME

001  A001     V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: #12 SIGN
002  A002     AA/V  C        11:00:00:00 11:00:01:12 01:00:02:00 01:00:03:12
003  A002     A2    C        11:00:00:00 11:00:01:12 01:00:03:00 01:00:03:12
004  A003     V     C        12:00:00:00 12:00:00:00 01:00:03:12 01:00:03:12
004  A004     V     D    024 12:10:00:00 12:10:04:00 01:00:03:12 01:00:07:12
"""


def event(number: int, begin: str, end: str, reel: str = "AX", track: str = "V", edit: str = "C") -> str:
    return f"{number:03}  {reel:8} {track:5} {edit:8} 00:00:00:00 00:00:01:00 {begin} {end}\n"


def relative(text: str, rate: float | None = 24) -> list[int]:
    """The cuts, counted from 0."""
    return [c - 1001 for c in parse_cuts(text, NUMBERS, rate)]


def test_frame_numbers() -> None:
    assert parse_cuts("1001, 1040 # second shot\n\n1100\n", NUMBERS, 24) == [1001, 1040, 1100]
    assert parse_cuts("# nothing\n", NUMBERS, None) == []
    assert parse_cuts("-3 5", NUMBERS, 24) == [-3, 5]
    with pytest.raises(UsageError, match=r"line 2 of the cut list has 'x7'"):
        parse_cuts("5\nx7", NUMBERS, 24)


def test_the_events_of_the_picture_are_shots_up_to_their_end() -> None:
    assert relative(EDL) == [0, 48, 84, 180]


def test_the_cmx_adapter_finds_the_same_cuts_in_what_it_reads() -> None:
    """Oracle: otio-cmx3600-adapter, for a list without drop frame, blanks in reels and changes of speed."""
    text = "TITLE: X\n" + "".join(
        f"{n:03}  R{n:07} V     C        {times} {times}\n"
        for n in (3, 4, 6, 9)
        for times in [f"01:00:{n:02}:00 01:00:{n + 1:02}:00"]
    )
    (track,) = otio.adapters.read_from_string(text, "cmx_3600").tracks
    starts = [int(item.range_in_parent().start_time.value) for item in track]  # gaps too
    assert starts == relative(text)[:-1] == [0, 24, 48, 72, 96, 144]


@pytest.mark.parametrize(("rate", "per_minute"), [(30000 / 1001, 2), (60000 / 1001, 4), (30, 2)])
@pytest.mark.parametrize("marks", [("", ";;;"), ("FCM: DROP FRAME\n", ":::"), ("", "::;"), ("", "::,")])
def test_drop_frame_counts_frames_however_it_is_marked(
    rate: float, per_minute: int, marks: tuple[str, str]
) -> None:
    header, signs = marks
    a, b, c = tuple(signs)
    nominal = round(rate)
    first, second = f"01{a}00{b}00{c}00", f"01{a}02{b}00{c}{per_minute:02}"
    text = f"{header}{event(1, first, second)}{event(2, second, f'01{a}10{b}00{c}00')}"
    ten = 10 * 60 * nominal - 9 * per_minute
    assert relative(f"TITLE: X\n{text}", rate) == [0, 120 * nominal - per_minute, ten]


@pytest.mark.parametrize(
    ("nominal", "drop"), [*((n, False) for n in (24, 25, 30, 48, 50, 60)), (30, True), (60, True)]
)
@pytest.mark.parametrize("time", ["00:00:00:00", "00:00:59:23", "00:01:00:02", "00:10:00:00", "13:37:11:07"])
def test_timecodes_are_those_of_opentime(nominal: int, drop: bool, time: str) -> None:
    """Oracle: opentimelineio.opentime."""
    rate = nominal * 1000 / 1001 if drop else nominal
    end, begin = (f"{t[:-3]};{t[-2:]}" if drop else t for t in (f"23{time[2:]}", "00:00:00:00"))
    expected = otio.opentime.from_timecode(end, rate).value
    assert relative(event(1, begin, end), rate) == [0, expected]


def test_what_the_fcm_says_of_sources_later_does_not_count() -> None:
    text = "FCM: NON-DROP FRAME\n" + event(1, "00:00:00:00", "00:02:00:00")
    text += "FCM: DROP FRAME\n" + event(2, "00:02:00:00", "00:03:00:00")
    assert relative(text, 30) == [0, 3600, 5400]


def test_reels_with_blanks_and_tracks_of_all_kinds_are_read() -> None:
    tracks = ["V", "B", "AA/V", "A2/V", "VA1", "V1", "A1234/V"]
    text = "".join(
        event(n, f"00:00:{n:02}:00", f"00:00:{n + 1:02}:00", reel=f"REEL {n} V", track=track)
        for n, track in enumerate(tracks)
    )
    sound = "".join(event(90, "00:00:00:05", "00:00:00:10", track=t) for t in ("A", "A2", "AA", "NONE"))
    assert relative(text + sound) == [24 * n for n in range(8)]


@pytest.mark.parametrize("edit", ["C", "D    012", "W001 012", "K B", "KB   024", "K    000", "K O  012"])
def test_edits_of_all_kinds_are_read(edit: str) -> None:
    second = event(2, "00:00:01:00", "00:00:02:00", edit=edit)
    assert relative(event(1, "00:00:00:00", "00:00:01:00") + second) == [0, 24, 48]


def test_sorted_by_reel_with_gaps_and_over_midnight() -> None:
    by_reel = event(1, "01:00:05:00", "01:00:06:00") + event(2, "01:00:00:00", "01:00:01:00")
    assert relative(by_reel) == [0, 24, 120, 144]
    midnight = event(1, "23:59:59:00", "00:00:01:00") + event(2, "00:00:01:00", "00:00:02:00")
    assert relative(midnight) == [0, 48, 72]
    assert relative(event(1, "100", "124") + event(2, "124", "200")) == [0, 24, 100]


def test_a_list_without_a_rate_is_read_at_the_least_that_it_needs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for last, drop, rate in (
        ("23", ":", 24),
        ("24", ":", 25),
        ("29", ":", 30),
        ("49", ":", 50),
        ("05", ";", 30),
    ):
        assert relative(event(1, f"00:00:00{drop}00", f"00:00:01{drop}{last}"), None) == [0, rate + int(last)]
        assert f"read at {rate} frames a second" in caplog.messages[-1]


@pytest.mark.parametrize(
    ("text", "rate", "says"),
    [
        (event(1, "00:00:00:00", "00:00:00:24"), 24, "frame 24 in its second, and the clip 24 frames"),
        (event(1, "00:00:00;00", "00:00:00;10"), 24, "drop-frame timecodes, which 29.97.*the clip has 24"),
        ("FCM: DROP FRAME\n" + event(1, "00:00:00:00", "00:00:01:00"), 25, "drop-frame"),
        (event(1, "00:00:00:00", "00:00:01:00") + "002  A002  C  00:00 00:00\n", 24, "line 2 of the EDL"),
        (EDL + "005 AX V D 025 00:00:00:00 00:00:02:00 01:00:07:12\n", 24, "line 10 of the EDL cannot be"),
        (EDL + "005 AX V W001 010 00:00:00:00 00:00:02:00 01:00:07:12\n", 24, "line 10 of the EDL cannot"),
        ("TITLE: X\n" + event(1, "0", "9", track="A"), 24, "no event of the picture"),
        (event(1, "0", "9") + f"2 {'A V C ' * 9000}", 24, "line 2 of the EDL cannot be read"),
    ],
)
def test_what_cannot_be_counted_is_refused(text: str, rate: float, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_cuts(text, NUMBERS, rate)


def test_what_is_seen_of_layers_makes_the_cuts() -> None:
    below, above = Span(0, 100, (1,)), Span(40, 60, (2,))
    assert cuts_of([below, above], 1) == [1, 41, 61, 101]
    hidden = [Span(0, 50, (1,)), Span(50, 100, (1,)), Span(40, 60, (2,))]
    assert cuts_of(hidden, 0) == [0, 40, 60, 100]
    assert cuts_of([Span(5, 5), Span(5, 9)], 0) == [5, 9]
    assert cuts_of([], 0) == []
