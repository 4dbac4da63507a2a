"""LaidDamage laid on clean frames, and measured back from what it made of them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Pixels
from interneg.io import open_clip
from interneg.io.coding import Quantised
from interneg.plugin.tuning.damage import LaidDamage, changed
from interneg.plugin.tuning.measured import measured
from interneg.plugin.tuning.plates import Reel

SPACE = "sRGB Encoded Rec.709 (sRGB)"


@pytest.fixture(scope="module")
def colour() -> Colour:
    return Colour()


def scene(number: int, side: int = 256) -> Pixels:
    """Discs on a slope, in LOG_Y of video, (3, H, W)."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    planes = np.zeros((3, side, side), np.float32)
    planes[0] = 0.35 + 0.2 * x / side
    inside = np.hypot((x + 2 * number) % 64 - 32, y % 64 - 32) < 14
    planes[0][inside] = 0.6 + 0.3 * (y / side)[inside]
    planes[1][inside] = 0.1
    return planes


def test_nothing_leaves_a_frame_as_it_is(colour: Colour) -> None:
    made = LaidDamage().laid_on([scene(1)], [1], colour, SPACE)[0]
    np.testing.assert_array_equal(made, scene(1))
    assert LaidDamage().words == () and LaidDamage(scale=2).words == ("reduced to 1/2",)


def test_noise_is_as_strong_as_said_and_grey_stays_grey(colour: Colour) -> None:
    clean = scene(1)
    first, again = (LaidDamage(noise=10.0).laid_on([clean], [7], colour, SPACE)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert 255 * (first - clean)[0].std() == pytest.approx(6.686, rel=0.03)
    clean[1:] = 0
    grey = LaidDamage(noise=10.0).laid_on([clean], [7], colour, SPACE)[0]
    assert not grey[1:].any() and 255 * (grey - clean)[0].std() == pytest.approx(10, rel=0.03)


@pytest.mark.parametrize("coding", [Quantised("h264", 38), Quantised("mpeg2", 12), Quantised("jpeg", 20)])
def test_a_codec_leaves_what_lies_beyond_white(colour: Colour, coding: Quantised) -> None:
    clean = scene(1)[:, :251, :253].copy()
    clean[0, :20, :20] = 1.4
    made = LaidDamage(coding=coding).laid_on([clean, clean], [1, 2], colour, SPACE)
    assert len(made) == 2 and made[0].shape == clean.shape
    np.testing.assert_allclose(made[0][0, :20, :20], 1.4, atol=1e-5)
    apart = 255 * np.abs(made[0] - clean)[0]
    assert 0.1 < apart.mean() < 6


def test_what_the_user_says_counts_before_what_is_measured() -> None:
    damage = LaidDamage(blur=1.0, coding=Quantised("h264", 30))
    assert changed(damage, None, None, None, 2) == LaidDamage(2, 1.0, coding=Quantised("h264", 30))
    assert changed(damage, 0.0, 5.0, 0, 1) == LaidDamage(1, 0.0, 5.0)
    assert changed(damage, None, None, 40, 1).words == ("blur of 1.0 pixels", "H.264 at QP 40")


def stored(folder: Path, frames: list[Pixels], ending: str) -> Path:
    from interneg.colour.working import to_rgb

    for number, planes in enumerate(frames, 1):
        rgb = planes.copy()
        to_rgb(rgb)
        depth = 65535 if ending == "png" else 255
        codes = np.rint(depth * rgb.clip(0, 1)).astype(np.uint16 if ending == "png" else np.uint8)
        options = [cv2.IMWRITE_JPEG_QUALITY, 30] if ending == "jpg" else []
        cv2.imwrite(str(folder / f"like.{number:04d}.{ending}"), codes.transpose(1, 2, 0)[..., ::-1], options)
    return folder / f"like.%04d.{ending}"


@pytest.mark.parametrize(("blur", "noise"), [(1.2, 4.0), (0.0, 8.0)])
def test_blur_and_noise_are_measured_as_they_were_laid_on(
    tmp_path: Path, colour: Colour, blur: float, noise: float
) -> None:
    clean = [scene(n) for n in range(5)]
    made = LaidDamage(blur=blur, noise=noise).laid_on(clean, range(5), colour, SPACE)
    with closing(open_clip(stored(tmp_path, made, "png"))) as clip:
        found = measured(Reel("like", clip, colour, SPACE), clean[:2], colour)
    assert found.blur == pytest.approx(blur, abs=0.3)
    assert found.coding is None and found.grain is not None
    flat = np.zeros((3, 256, 256), np.float32)
    flat[0], flat[1] = 0.4, 0.01
    (again,) = found.laid_on([flat], [1], colour, SPACE)
    assert 255 * (again - flat)[0].std() == pytest.approx(0.6686 * noise, rel=0.25)


def test_the_quality_of_jpegs_is_read_from_them(tmp_path: Path, colour: Colour) -> None:
    clean = [scene(n) for n in range(3)]
    with closing(open_clip(stored(tmp_path, clean, "jpg"))) as clip:
        found = measured(Reel("like", clip, colour, SPACE), clean[:1], colour)
    assert found.coding is not None and found.coding.kind == "jpeg"
    assert found.coding.value == pytest.approx(30, abs=2)


def test_what_is_known_is_not_measured_and_what_cannot_be_is_told(tmp_path: Path, colour: Colour) -> None:
    like = tmp_path / "like.mkv"
    with av.open(str(like), "w") as sink:
        stream = sink.add_stream("mpeg4", rate=24)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p"
        for _ in range(3):  # white all over: no grain can be measured of it
            sink.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.full((128, 128, 3), 255, np.uint8), "rgb24"))
            )
        sink.mux(stream.encode(None))
    told: list[str] = []
    with closing(open_clip(like)) as clip:
        reel = Reel("like.mkv", clip, colour, SPACE)
        assert measured(reel, [scene(1)], colour, ("noise", "blur", "qp"), told.append) == LaidDamage()
        assert not told
        measured(reel, [scene(1)], colour, ("noise",), told.append)
    assert told == [
        "like.mkv: MPEG4 does not tell how strongly it compressed, so no compression is laid on; "
        "for that begin anew with --qp, a quantiser of H.264 that looks alike"
    ]
