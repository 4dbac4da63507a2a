"""Movies read: any frame, in its own place and turned as the movie asks."""

from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.errors import InputError
from interneg.frame import Box
from interneg.io import open_clip
from tests.core.io.ffmpeg import ffmpeg, pictures
from tests.core.io.io_movies import camera, make, picture


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video", "mjpeg"])
@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.mpg"])
def test_random_access_is_exact(tmp_path: Path, codec: str, name: str) -> None:
    """Key frames every 12, B frames between: any order gives what reading in order gives."""
    if name == "a.mpg" and codec == "mjpeg":
        pytest.skip("MPEG program streams hold no MJPEG")
    path = tmp_path / name
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.gop_size = 12
        if codec != "mjpeg":
            stream.max_b_frames = 2
        for n in range(40):
            rgb = (picture(n).transpose(1, 2, 0) * 255).astype(np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(rgb).reformat(format=stream.pix_fmt)):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    clip = open_clip(path)
    assert clip.numbers == tuple(range(1, 41))
    inorder = {n: clip.read(n).pixels for n in clip.numbers}
    for n in (40, 1, 13, 12, 25, 24, 26, 7, 39, 40, 2):
        np.testing.assert_array_equal(clip.read(n).pixels, inorder[n])
    assert np.abs(inorder[20] - inorder[21]).max() > 0.01


def test_frames_of_a_movie_are_missing_outside(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", 3)
    assert clip.path_of(1003) == tmp_path / "a.mkv"
    assert clip.path_of(1004) is None
    assert len({clip.digest(n) for n in clip.numbers}) == 3
    with pytest.raises(InputError, match="frame 1004 is missing; the movie has 1001-1003"):
        clip.read(1004)


@pytest.mark.parametrize("name", ["a.mov", "a.mp4"])
def test_damaged_pictures_are_refused(tmp_path: Path, name: str) -> None:
    """A damaged picture is refused, and so are those predicted from it."""
    clip = make(tmp_path / name, 8)
    whole = {n: clip.read(n).pixels for n in clip.numbers}
    data = bytearray((tmp_path / name).read_bytes())
    at = len(data) // 3
    data[at : at + 60] = b"\xaa" * 60
    (tmp_path / f"hurt-{name}").write_bytes(data)
    damaged = open_clip(tmp_path / f"hurt-{name}", first=1001)
    refused = 0
    for n in (*damaged.numbers, *reversed(damaged.numbers)):
        try:
            np.testing.assert_array_equal(damaged.read(n).pixels, whole[n])
        except InputError as e:
            assert f"frame {n} cannot be decoded" in str(e)
            refused += 1
    assert refused >= 2


@pytest.mark.parametrize("turn", [90, 180, -90])
def test_pictures_are_turned_as_the_movie_asks(tmp_path: Path, turn: int) -> None:
    upright = open_clip(camera(tmp_path / "a.mov")).read(1)
    with av.open(str(camera(tmp_path / "b.mov", turn))) as file:
        asked = next(file.decode(video=0)).rotation
    assert asked % 360 == turn % 360
    turned = open_clip(tmp_path / "b.mov").read(1)
    np.testing.assert_array_equal(turned.pixels, np.rot90(upright.pixels, turn // 90, (1, 2)))
    assert turned.display_window == Box(0, 0, *((64, 48) if turn == 180 else (48, 64)))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [(False, False), (True, False), (False, True)])
def test_pictures_are_turned_and_mirrored_as_ffmpeg_does(
    tmp_path: Path, turn: int, mirrored: tuple[bool, bool]
) -> None:
    path = tmp_path / "a.mov"
    codes = (picture(1).transpose(1, 2, 0) * 255).astype(np.uint8)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        stream.set_display_rotation(turn, *mirrored)
        for packet in (*stream.encode(av.VideoFrame.from_ndarray(codes)), *stream.encode(None)):
            file.mux(packet)
    found = open_clip(path).read(1)
    ffmpeg("-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", tmp_path / "shown.rgb")
    shown = np.fromfile(tmp_path / "shown.rgb", np.uint8).reshape(found.height, found.width, 3)
    np.testing.assert_allclose(found.pixels.transpose(1, 2, 0) * 255, shown, atol=1e-3)


@pytest.mark.parametrize("turn", ["rotate=0:flip=horizontal", "rotate=90"])
def test_a_turn_that_the_first_picture_asks_for_holds_for_all(tmp_path: Path, turn: str) -> None:
    """As encoders write it into the stream itself: beside the first picture, or each that stands alone."""
    plain, asking = tmp_path / "a.mp4", tmp_path / "b.mp4"
    ffmpeg(*pictures(0.5), "-c:v", "libx264", plain)
    asked = f"h264_metadata=display_orientation=insert:{turn}"
    ffmpeg("-i", plain, "-c", "copy", "-bsf:v", asked, asking)
    first, later = open_clip(asking), open_clip(asking)
    upright = open_clip(plain)
    for clip, numbers in ((first, (1, 2, 9)), (later, (9, 2, 1))):
        for n in numbers:
            found, stored = clip.read(n).pixels, upright.read(n).pixels
            shown = stored[..., ::-1] if "flip" in turn else np.rot90(stored, 1, (1, 2))
            np.testing.assert_array_equal(found, shown)


def test_a_first_picture_that_is_damaged_keeps_no_other_from_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make(tmp_path / "a.mov", 4)
    reader = clip._reader  # type: ignore[attr-defined]
    picture = reader.picture

    def damaged(place: int) -> object:
        if place == 0:
            raise av.error.InvalidDataError(1, "damaged")
        return picture(place)

    monkeypatch.setattr(reader, "picture", damaged)
    assert clip.read(1003).number == 1003
    with pytest.raises(InputError, match="frame 1001 cannot be decoded"):
        clip.read(1001)


def test_motion_jpeg_is_upright_after_the_tag_of_its_pictures(tmp_path: Path) -> None:
    """Beside such a picture stand its EXIF data, which PyAV has no name for."""
    spec = oiio.ImageSpec(64, 48, 3, "uint8")
    spec["Orientation"] = 5
    out = oiio.ImageOutput.create(str(tmp_path / "a.jpg"))
    assert out is not None and out.open(str(tmp_path / "a.jpg"), spec)
    assert out.write_image(np.ascontiguousarray(picture(1).transpose(1, 2, 0))) and out.close()
    ffmpeg("-i", tmp_path / "a.jpg", "-c", "copy", tmp_path / "a.mov")
    still, moving = (open_clip(tmp_path / name).read(1) for name in ("a.jpg", "a.mov"))
    assert moving.display_window == still.display_window == Box(0, 0, 48, 64)
    assert np.abs(moving.pixels - still.pixels).mean() < 0.02
