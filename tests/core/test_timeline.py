"""Timelines of editors, written by OpenTimelineIO and its adapters."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from interneg.cut_list import cuts_of
from interneg.errors import UsageError
from interneg.timeline import is_timeline, timeline_spans

RATE = 25.0


def span(frames: int, start: int = 0) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, RATE), otio.opentime.RationalTime(frames, RATE)
    )


def clip(frames: int, name: str = "clip") -> otio.schema.Clip:
    media = otio.schema.ExternalReference(f"file:///{name}.mov", available_range=span(1000))
    return otio.schema.Clip(name, media, span(frames, 50))


def cut_together(*items: otio.core.Item) -> otio.schema.Timeline:
    timeline = otio.schema.Timeline("edit")
    video = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    video.extend(items)
    sound = otio.schema.Track("A1", kind=otio.schema.TrackKind.Audio)
    sound.extend([clip(7), clip(9)])
    timeline.tracks.extend([video, sound])
    return timeline


def cuts(timeline: otio.schema.Timeline, path: Path, rate: float | None = RATE) -> list[int]:
    options = {"use_empty_mob_ids": True} if path.suffix == ".aaf" else {}
    otio.adapters.write_to_file(timeline, str(path), **options)
    return cuts_of(timeline_spans(path, rate), 1001)


@pytest.mark.parametrize("name", ["edit.otio", "edit.xml", "edit.fcpxml", "edit.aaf", "EDIT.OTIO"])
def test_cuts_of_every_editor_s_format(tmp_path: Path, name: str) -> None:
    made = cut_together(clip(48, "a"), clip(30, "b"), clip(22, "c"))
    assert is_timeline(Path(name))
    assert cuts(made, tmp_path / name) == [1001, 1049, 1079, 1101]


def test_gaps_dissolves_what_is_off_and_layers(tmp_path: Path) -> None:
    off = clip(10)
    off.enabled = False
    dissolve = otio.schema.Transition(
        transition_type="SMPTE_Dissolve", in_offset=span(6).duration, out_offset=span(6).duration
    )
    made = cut_together(clip(20), dissolve, clip(20), otio.schema.Gap(source_range=span(5)), clip(15), off)
    above = otio.schema.Track("V2", kind=otio.schema.TrackKind.Video)
    above.extend([otio.schema.Gap(source_range=span(10)), clip(15)])
    made.tracks.append(above)
    assert [c - 1001 for c in cuts(made, tmp_path / "a.otio")] == [0, 10, 25, 40, 45, 60]


def test_cuts_within_a_compound_clip_count_as_far_as_they_are_seen(tmp_path: Path) -> None:
    inner = otio.schema.Track("inner", kind=otio.schema.TrackKind.Video)
    inner.extend([clip(30), clip(30), clip(30)])
    compound = otio.schema.Stack("compound", children=[inner])
    compound.source_range = span(50, 20)  # its frames 20 to 69
    assert [c - 1001 for c in cuts(cut_together(clip(100), compound), tmp_path / "a.otio")] == [
        0, 100, 110, 140, 150,
    ]  # fmt: skip
    slow = compound.clone()
    slow.effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
    assert [c - 1001 for c in cuts(cut_together(clip(100), slow), tmp_path / "b.otio")] == [0, 100, 150]


def test_the_rate_has_to_be_the_clip_s(tmp_path: Path) -> None:
    made = cut_together(clip(48), clip(30))
    assert cuts(made, tmp_path / "a.otio", None) == cuts(made, tmp_path / "a.otio")
    with pytest.raises(UsageError, match=r"has 25 frames a second, and the clip 24: export it at that rate"):
        timeline_spans(tmp_path / "a.otio", 24)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pyaaf2 leaves it open
def test_what_is_no_timeline_is_refused(tmp_path: Path) -> None:
    for name in ("a.otio", "a.xml", "a.fcpxml", "a.aaf", "a.otioz"):
        (tmp_path / name).write_bytes(b"\xff nothing")
        with pytest.raises(UsageError, match=r"the timeline .* cannot be read: \S") as refused:
            timeline_spans(tmp_path / name, 24)
        assert "Error" not in str(refused.value) and "\n" not in str(refused.value)
    two = otio.schema.SerializableCollection("two", [cut_together(clip(5)), cut_together(clip(6))])
    otio.adapters.write_to_file(two, str(tmp_path / "two.otio"))
    with pytest.raises(UsageError, match=r"holds 2 timelines \(edit, edit\): export the one"):
        timeline_spans(tmp_path / "two.otio", 24)
    otio.adapters.write_to_file(clip(5), str(tmp_path / "clip.otio"))
    with pytest.raises(UsageError, match="holds 0 timelines"):
        timeline_spans(tmp_path / "clip.otio", 24)
    with pytest.raises(UsageError, match="no clip in its video tracks"):
        cuts(cut_together(), tmp_path / "empty.otio")


def test_a_format_without_its_adapter_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otio.adapters, "suffixes_with_defined_adapters", lambda read: {"otio"})
    with pytest.raises(UsageError, match=r"read by otio-aaf-adapter.*pip install 'interneg\[timelines\]'"):
        timeline_spans(tmp_path / "edit.aaf", 24)
