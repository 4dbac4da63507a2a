"""The sound of movies."""

from pathlib import Path
from typing import Literal

import av
import numpy as np
import pytest

from interneg.io import open_clip, open_output
from tests.core.io.ffmpeg import ffmpeg, movie, pictures, tone
from tests.core.io.io_movies import picture


def talkie(path: Path, codec: str = "pcm_s16le") -> Path:
    """50 frames at 25 per second; in each second of sound every sample says its time in milliseconds."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        audio = file.add_stream(codec, rate=48000)
        audio.layout = "mono"
        for n in range(50):
            rgb = (picture(n).transpose(1, 2, 0) * 255).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")):
                file.mux(packet)
            samples = (np.arange(n * 1920, (n + 1) * 1920) // 48).astype(np.int16)
            sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            sound.sample_rate, sound.pts = 48000, n * 1920
            for packet in audio.encode(sound):
                file.mux(packet)
        for coder in (stream, audio):
            for packet in coder.encode(None):
                file.mux(packet)
    return path


def samples_by_time(path: Path) -> dict[int, int]:
    """The time in milliseconds of each piece of sound, and what its first sample says."""
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        offset = float((video.start_time or 0) * video.time_base)
        return {round((f.time - offset) * 1000): int(f.to_ndarray().ravel()[0]) for f in file.decode(audio=0)}


@pytest.mark.parametrize("name", ["b.mov", "b.mkv"])
@pytest.mark.parametrize("first", [1, 26])
def test_sound_stays_in_step(tmp_path: Path, name: str, first: int) -> None:
    clip = open_clip(talkie(tmp_path / "a.mov"))
    numbers = range(first, first + 20)
    out = open_output(tmp_path / name, clip, numbers=numbers)
    for n in numbers:
        out.write(clip.read(n), {"input": str(n)})
    out.close()
    assert len(open_clip(tmp_path / name).numbers) == 20
    sound = samples_by_time(tmp_path / name)
    assert min(sound) < 60 and 740 < max(sound) < 860
    for time, start in sound.items():
        assert abs(start - time - 40 * (first - 1)) <= 2


@pytest.mark.parametrize("name", ["b.mov", "b.mkv", "b.mp4"])
def test_coded_sound_is_copied_unchanged(tmp_path: Path, name: str) -> None:
    clip = open_clip(talkie(tmp_path / "a.mkv", "aac"))
    out = open_output(tmp_path / name, clip)
    for n in clip.numbers:
        out.write(clip.read(n), {})
    out.close()
    packets = []
    for path in (tmp_path / "a.mkv", tmp_path / name):
        with av.open(str(path)) as file:
            packets.append([bytes(p) for p in file.demux(audio=0) if p.size])
    assert len(packets[1]) > 80
    assert packets[1] == [p for p in packets[0] if p in packets[1]]


def test_sound_that_few_players_know_there_is_told_or_converted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = open_clip(talkie(tmp_path / "a.mkv", "pcm_s16le"))
    for how, codec, told in (
        ("copy", "pcm_s16le", "few players know this sound (pcm_s16le) in .mp4 movies; --sound convert"),
        ("convert", "aac", "the sound (pcm_s16le) is written as aac"),
    ):
        caplog.clear()
        out = open_output(tmp_path / "b.mp4", clip, overwrite=True, sound=how)  # type: ignore[arg-type]
        for n in clip.numbers:
            out.write(clip.read(n), {})
        out.close()
        assert told in caplog.text
        assert movie(tmp_path / "b.mp4").others == (f"audio ({codec})",)


def test_sound_that_a_movie_cannot_hold_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clip = open_clip(talkie(tmp_path / "a.mkv", "pcm_u8"))
    out = open_output(tmp_path / "b.mp4", clip)
    out.write(clip.read(1), {})
    out.close()
    assert "cannot hold this sound (pcm_u8)" in caplog.text
    assert len(open_clip(tmp_path / "b.mp4").numbers) == 1


@pytest.mark.parametrize(
    ("codec", "name", "converted"),
    [("libopus", "b.mov", "pcm_s24le"), ("flac", "b.mov", "pcm_s24le"), ("truehd", "b.mp4", "aac")],
)
def test_sound_that_a_movie_cannot_hold_is_left_out_or_converted(
    tmp_path: Path, codec: str, name: str, converted: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg(*pictures(2, "25"), "-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t)*gt(t\\,1):d=2:s=48000",
           "-c:v", "mjpeg", "-c:a", codec, "-strict", "-2", path)  # fmt: skip
    clip = open_clip(path)
    ways: tuple[tuple[Literal["copy", "convert", "none"], str], ...] = (
        ("copy", ""),
        ("convert", converted),
        ("none", ""),
    )
    for how, sound in ways:
        caplog.clear()
        out = open_output(tmp_path / name, clip, overwrite=True, sound=how)
        for n in clip.numbers:
            out.write(clip.read(n), {})
        out.close()
        made = movie(tmp_path / name)
        assert len(made.numbers) == 50
        assert made.others == ((f"audio ({sound})",) if sound else ())
        told = {"copy": "left out; --sound convert", "convert": f"is written as {converted}", "none": ""}
        assert told[how] in caplog.text
    out = open_output(tmp_path / name, clip, overwrite=True, sound="convert")
    for n in clip.numbers:
        out.write(clip.read(n), {})
    out.close()
    with av.open(str(tmp_path / name)) as file:
        heard = [
            (f.time, float(np.abs(f.to_ndarray().astype(np.float64)).max())) for f in file.decode(audio=0)
        ]
    loud = [time for time, level in heard if level > 0.1 * max(level for _, level in heard)]
    assert abs(min(loud) - 1) < 0.06
    assert max(loud) > 1.9


def test_sound_that_is_damaged_does_not_stop_the_picture(tmp_path: Path) -> None:
    path = talkie(tmp_path / "a.mkv", "flac")
    data = bytearray(path.read_bytes())
    at = data.rfind(b"\xff\xf8")
    assert at > 0
    data[at : at + 400] = bytes(400)
    (tmp_path / "hurt.mkv").write_bytes(data)
    clip = open_clip(tmp_path / "hurt.mkv")
    out = open_output(tmp_path / "b.mov", clip, sound="convert")
    for n in clip.numbers:
        out.write(clip.read(n), {})
    out.close()
    assert len(open_clip(tmp_path / "b.mov").numbers) == 50


def test_sound_around_the_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What comes before the first picture is told, what comes after the last one is kept with it."""
    base, path = tmp_path / "base.mp4", tmp_path / "a.mkv"
    ffmpeg(*pictures(1), "-c:v", "libx264", base)
    ffmpeg(
        "-itsoffset",
        "0.5",
        "-i",
        base,
        *tone(3),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "flac",
        path,
    )
    clip = open_clip(path)
    for name, numbers, seconds in (("b.mkv", clip.numbers, 2.5), ("c.mkv", clip.numbers[:12], 0.5)):
        caplog.set_level("INFO")
        out = open_output(tmp_path / name, clip, numbers=numbers)
        for n in numbers:
            out.write(clip.read(n), {})
        out.close()
        assert "the sound begins 0.50 s before the picture" in caplog.text
        with av.open(str(tmp_path / name)) as file:
            end = max(f.time + f.samples / 48000 for f in file.decode(audio=0))
        assert abs(end - seconds) < 0.12


def test_sound_of_recordings_that_were_joined_follows_too(tmp_path: Path) -> None:
    """The second one beeps in its second half; its times begin anew."""
    beep = "aevalsrc=0.5*sin(2*PI*440*t)*gt(t\\,{}):d=1:s=48000"
    for name, begin, from_when in (("a.ts", "0", 9), ("b.ts", "0.31", 0.5)):
        sound = ("-f", "lavfi", "-i", beep.format(from_when), "-c:a", "mp2", "-output_ts_offset", begin)
        ffmpeg(*pictures(1, "25"), *sound, "-c:v", "mpeg2video", tmp_path / name)
    path = tmp_path / "joined.ts"
    path.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    clip = open_clip(path)
    for numbers, beeps in ((clip.numbers, 1.5), (clip.numbers[30:], 0.3)):
        out = open_output(tmp_path / "b.mkv", clip, numbers=numbers, overwrite=True)
        for n in numbers:
            out.write(clip.read(n), {})
        out.close()
        with av.open(str(tmp_path / "b.mkv")) as file:
            levels = [
                (f.time, float(np.abs(f.to_ndarray().astype(np.float64)).max())) for f in file.decode(audio=0)
            ]
        loud = [time for time, level in levels if level > 0.1 * max(level for _, level in levels)]
        assert abs(min(loud) - beeps) < 0.08
        assert max(loud) > beeps + 0.35
