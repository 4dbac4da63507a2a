"""Movies of many kinds: the clip is what FFmpeg decodes and presents, frame by frame."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from interneg.io import open_clip, open_output
from tests.core.io.ffmpeg import ffmpeg, indexed, movie, pictures, presented, tone

FILM = Fraction(24000, 1001)
FIELDS = Path(__file__).parents[4] / "shared" / "cases" / "paff-field-packets" / "paff.264"


def _trimmed(folder: Path, name: str, *codec: str) -> Path:
    """Trimmed without coding anew, as the Trim of telephones does: it begins between two key frames."""
    whole = folder / f"whole{Path(name).suffix}"
    ffmpeg(*pictures(6), *tone(6), *codec, "-c:a", "aac", whole)
    ffmpeg("-ss", "1.52", "-i", whole, "-c", "copy", "-t", "2", folder / name)
    return folder / name


def _coded(folder: Path, name: str, *codec: str, rate: str = "24") -> Path:
    ffmpeg(*pictures(2, rate), "-pix_fmt", "yuv420p", *codec, folder / name)
    return folder / name


H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "24")
H265 = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none:keyint=24:open-gop=1")

KINDS: dict[str, Callable[[Path], Path]] = {
    "trimmed H.264": lambda f: _trimmed(f, "a.mp4", *H264, "-bf", "0"),
    "trimmed H.264 with B frames": lambda f: _trimmed(f, "a.mov", *H264, "-bf", "2"),
    "trimmed HEVC of open groups": lambda f: _trimmed(f, "a.mov", *H265, "-tag:v", "hvc1"),
    "trimmed ProRes": lambda f: _trimmed(f, "a.mov", "-c:v", "prores_ks"),
    "trimmed into Matroska": lambda f: _trimmed(f, "a.mkv", *H264, "-bf", "2"),
    "trimmed HEVC into Matroska": lambda f: _trimmed(f, "a.mkv", *H265),
    "H.264 in MP4": lambda f: _coded(f, "a.mp4", *H264, "-bf", "2"),
    "H.264 in fragments": lambda f: _coded(f, "a.mp4", *H264, "-movflags", "frag_keyframe+empty_moov"),
    "H.264 interlaced": lambda f: _coded(f, "a.mp4", *H264, "-flags", "+ildct+ilme"),
    "H.264 in a transport stream": lambda f: _coded(f, "a.ts", *H264, "-bf", "2"),
    "H.264 of open groups": lambda f: _coded(f, "a.ts", *H264, "-bf", "2", "-x264-params", "open-gop=1"),
    "H.264 refreshed bit by bit": lambda f: _coded(f, "a.mkv", *H264, "-x264-params", "intra-refresh=1"),
    "H.264 in AVI": lambda f: _coded(f, "a.avi", *H264, "-bf", "2"),
    "MPEG-4 in AVI": lambda f: _coded(f, "a.avi", "-c:v", "mpeg4", "-bf", "2"),
    "MPEG-4 in MP4": lambda f: _coded(f, "a.mp4", "-c:v", "mpeg4", "-bf", "2"),
    "MPEG-2 in a programme stream": lambda f: _coded(f, "a.mpg", "-c:v", "mpeg2video", "-bf", "2"),
    "MPEG-2 in MXF": lambda f: _coded(f, "a.mxf", "-c:v", "mpeg2video", "-bf", "2", rate="25"),
    "VP8 with hidden frames": lambda f: _coded(f, "a.webm", "-c:v", "libvpx", "-lag-in-frames", "20"),
    "VP9 with hidden frames": lambda f: _coded(f, "a.webm", "-c:v", "libvpx-vp9", "-lag-in-frames", "20"),
    "FFV1": lambda f: _coded(f, "a.mkv", "-c:v", "ffv1", "-level", "3"),
    "MJPEG in AVI": lambda f: _coded(f, "a.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_clip_is_what_ffmpeg_presents(kind: str, tmp_path: Path) -> None:
    path = KINDS[kind](tmp_path)
    index, onward, back = indexed(path)
    assert onward == presented(path)
    assert back == onward
    assert not index.missing
    assert index.rate == (25 if "MXF" in kind else 24)


def test_only_movies_whose_packets_prove_it_are_not_decoded(tmp_path: Path) -> None:
    for kind, decoded in (("H.264 in MP4", False), ("FFV1", False), ("trimmed H.264", True)):
        (tmp_path / kind).mkdir()
        assert indexed(KINDS[kind](tmp_path / kind))[0].decoded == decoded


def test_a_broadcast_that_begins_in_the_middle_of_a_group(tmp_path: Path) -> None:
    data = _coded(tmp_path, "a.ts", *H264, "-bf", "2").read_bytes()
    path = tmp_path / "b.ts"
    path.write_bytes(data[: 2 * 188] + data[188 * (len(data) // 188 // 3) :])
    _, onward, back = indexed(path)
    assert onward == presented(path) == back
    assert 10 < len(onward) < 48


def _flag_pulldown(data: bytes) -> bytes:
    """MPEG-2 of progressive frames at film rate, flagged to be shown at 30000/1001 with fields repeated."""
    out = bytearray(data)
    groups: list[list[tuple[int, int]]] = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        kind = data[at + 3]
        if kind == 0xB3:
            out[at + 7] = out[at + 7] & 0xF0 | 4
        elif kind == 0xB5 and data[at + 4] >> 4 == 1:
            out[at + 5] &= ~0x08
        elif kind == 0xB8:
            groups.append([])
        elif kind == 0:
            extension = data.find(b"\0\0\1\xb5", at + 4) + 4
            groups[-1].append((data[at + 4] << 2 | data[at + 5] >> 6, extension))
        at = data.find(b"\0\0\1", at + 3)
    shown = [extension for group in groups for _, extension in sorted(group)]
    for k, extension in enumerate(shown):
        out[extension + 3] = out[extension + 3] & 0x7D | (k % 4 in (0, 3)) << 7 | (k % 4 in (0, 2)) << 1
        out[extension + 4] |= 0x80
    return bytes(out)


def test_film_in_video_by_flags_has_the_rate_of_film_and_keeps_its_sound(tmp_path: Path) -> None:
    film, flagged, path = tmp_path / "film.m2v", tmp_path / "flagged.m2v", tmp_path / "a.mpg"
    ffmpeg(*pictures(4, "24000/1001"), "-c:v", "mpeg2video", "-bf", "2", "-g", "12", film)
    assert open_clip(film).rate == FILM
    flagged.write_bytes(_flag_pulldown(film.read_bytes()))
    ffmpeg("-fflags", "+genpts", "-f", "mpegvideo", "-i", flagged, *tone(4), "-c:v", "copy", "-c:a", "mp2",
           "-f", "vob", path)  # fmt: skip
    for kind in (flagged, path):
        index, onward, back = indexed(kind)
        assert onward == presented(kind) == back
        assert index.rate == FILM and index.even and len(onward) == 96
    clip = movie(path)
    assert clip.sound(clip.numbers, clip.rate)


@pytest.mark.skipif(not FIELDS.exists(), reason="needs ../shared: no encoder at hand makes such a stream")
@pytest.mark.parametrize("name", ["a.ts", "a.mp4"])
def test_pictures_of_two_fields_a_packet_each(tmp_path: Path, name: str) -> None:
    ffmpeg("-fflags", "+genpts", "-r", "50", "-i", FIELDS, "-c", "copy", tmp_path / name)
    index, onward, back = indexed(tmp_path / name)
    assert onward == presented(tmp_path / name) == back
    assert len(onward) == 24 and index.rate == 25 and index.even


def test_an_elementary_stream_has_the_rate_that_its_header_says(tmp_path: Path) -> None:
    path = tmp_path / "a.m2v"
    ffmpeg(*pictures(2, "30000/1001"), "-c:v", "mpeg2video", path)
    assert open_clip(path).rate == Fraction(30000, 1001)


def test_recordings_that_were_joined_follow_each_other(tmp_path: Path) -> None:
    for name, colour, begin in (("a.ts", "red", "0"), ("b.ts", "blue", "0.31")):
        ffmpeg("-f", "lavfi", "-i", f"color={colour}:s=96x64:r=25:d=1", "-c:v", "mpeg2video", "-g", "1",
               "-output_ts_offset", begin, tmp_path / name)  # fmt: skip
    path = tmp_path / "joined.ts"
    path.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    index, onward, back = indexed(path)
    assert onward == presented(path) == back
    assert len(onward) == 50 and index.rate == 25 and index.even
    clip = open_clip(path)
    reds = [float(clip.read(n).pixels[0].mean()) for n in clip.numbers]
    assert min(reds[:25]) > 0.5 > max(reds[25:])


def test_a_picture_that_begins_after_its_sound(tmp_path: Path) -> None:
    base, path = tmp_path / "base.mp4", tmp_path / "late.mkv"
    ffmpeg(*pictures(2), *H264, "-bf", "2", base)
    ffmpeg(*tone(6), "-itsoffset", "0.5", "-i", base, "-map", "1:v", "-map", "0:a", "-c:v", "copy",
           "-c:a", "aac", "-t", "3", path)  # fmt: skip
    clip = open_clip(path)
    assert (len(clip.numbers), clip.cut_short) == (48, "")
    # What others write there is not always hours, minutes and seconds.
    data = path.read_bytes()
    assert data.count(b"00:00:02.5") == 1
    path.write_bytes(data.replace(b"00:00:02.5", b"two second"))
    assert len(open_clip(path).numbers) == 48


def _written(clip_path: Path, name: Path, numbers: range | None = None) -> None:
    clip = open_clip(clip_path)
    out = open_output(name, clip, numbers=numbers)
    for n in numbers or clip.numbers:
        out.write(clip.read(n), {})
    out.close()


def _times(path: Path) -> list[Fraction]:
    index = indexed(path)[0]
    return [(t - index.times[0]) * index.unit for t in index.times] + [
        (index.end - index.times[0]) * index.unit
    ]


@pytest.mark.parametrize("name", ["b.mov", "b.mp4", "b.mkv"])
def test_frames_that_were_dropped_leave_the_others_their_times_and_the_sound(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "a.avi"
    dropped = "select='not(between(n,10,12)+eq(n,30)+eq(n,31))'"
    ffmpeg(
        *pictures(), *tone(), "-vf", dropped, "-fps_mode", "vfr", "-c:v", "mjpeg", "-c:a", "pcm_s16le", path
    )
    index, onward, _ = indexed(path)
    assert onward == presented(path)
    assert len(onward) == 43 and index.rate == 24 and not index.even and not index.missing
    _written(path, tmp_path / name)
    kept = _times(tmp_path / name)
    assert len(kept) == 44
    assert all(abs(a - b) < Fraction(1, 500) for a, b in zip(kept[:-1], _times(path)[:-1], strict=True))
    assert movie(tmp_path / name).others == ("audio (pcm_s16le)",)
    _written(path, tmp_path / f"part-{name}", range(9, 15))
    assert [round(t * 24) for t in _times(tmp_path / f"part-{name}")[:-1]] == [0, 1, 5, 6, 7, 8]


def test_a_last_frame_that_is_held_does_not_change_the_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    whole = tmp_path / "whole.mov"
    ffmpeg(*pictures(), *tone(3), "-c:v", "prores_ks", "-c:a", "pcm_s16le", whole)
    held = r"setts=duration=if(eq(N\,47)\,12*DURATION\,DURATION)"
    ffmpeg("-i", whole, "-c", "copy", "-bsf:v", held, path)
    clip = open_clip(path)
    assert clip.rate == 24 and len(clip.numbers) == 48
    assert _times(path)[-1] == Fraction(59, 24)
    _written(path, tmp_path / "b.mov")
    assert open_clip(tmp_path / "b.mov").rate == 24
    assert _times(tmp_path / "b.mov")[-1] == _times(path)[-1]


def test_a_frame_left_out_of_a_movie_leaves_the_others_in_step_with_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    ffmpeg(*pictures(), *tone(), "-c:v", "prores_ks", "-c:a", "pcm_s16le", path)
    clip = open_clip(path)
    out = open_output(tmp_path / "b.mov", clip)
    for n in clip.numbers:
        if n not in (5, 6):
            out.write(clip.read(n), {})
    out.close()
    assert [round(t * 24) for t in _times(tmp_path / "b.mov")[:6]] == [0, 1, 2, 3, 6, 7]
    assert movie(tmp_path / "b.mov").others == ("audio (pcm_s16le)",)


def test_chapters_are_told(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", tmp_path / "plain.mkv")
    chapters = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=2\ntitle=first\n"
    (tmp_path / "c.txt").write_text(chapters)
    files = ("-i", tmp_path / "plain.mkv", "-i", tmp_path / "c.txt")
    ffmpeg(*files, "-map_metadata", "1", "-map", "0", "-c", "copy", tmp_path / "a.mkv")
    assert movie(tmp_path / "a.mkv").others == ("1 chapter",)
    assert movie(tmp_path / "plain.mkv").others == ()


@pytest.mark.parametrize(
    ("ending", "options"),
    [
        (".mts", ("-c:v", "libx264", "-f", "mpegts")),
        (".m2t", ("-c:v", "mpeg2video", "-f", "mpegts")),
        (".vob", ("-c:v", "mpeg2video", "-f", "vob")),
        (".flv", ("-c:v", "flv1")),
        (".wmv", ("-c:v", "wmv2")),
        (".y4m", ("-pix_fmt", "yuv420p")),
        (".264", ("-c:v", "libx264", "-bf", "2", "-f", "h264")),
    ],
)
def test_movies_of_further_endings_are_read(tmp_path: Path, ending: str, options: tuple[str, ...]) -> None:
    file = tmp_path / f"A{ending.upper()}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.4", *options, file)
    clip = movie(file)
    assert (len(clip.numbers), clip.rate) == (10, Fraction(25))
