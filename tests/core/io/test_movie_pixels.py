"""Pictures of movies: codes, matrices, ranges and sizes."""

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io import open_clip, open_output
from tests.core.io.io_movies import Numbers, picture, raw


@pytest.mark.parametrize("layout", ["yuv420p", "yuv422p10le", "yuv444p12le", "yuv420p16le", "yuv411p"])
def test_untouched_codes_stay(tmp_path: Path, layout: str) -> None:
    """All codes, those outside the nominal range too: what FFV1 gives back is what it was given."""
    rng = np.random.default_rng(3)
    form = av.VideoFormat(layout, 64, 48)
    bits = form.components[0].bits
    kind = np.uint8 if bits == 8 else np.uint16
    middle, span = 2 ** (bits - 1), 2**bits // 16
    luma = rng.integers(0, 2**bits, (48, 64)).astype(kind)
    chroma = [
        rng.integers(middle - span, middle + span, (c.height, c.width)).astype(kind)
        for c in form.components[1:]
    ]
    source = open_clip(raw(tmp_path / "in.mkv", "ffv1", layout, [luma, *chroma], colorspace=1))
    out = open_output(tmp_path / "out.mkv", source)
    out.write(source.read(1), {})
    out.close()
    with av.open(str(tmp_path / "out.mkv")) as file:
        frame = next(file.decode(video=0))
    assert frame.format.name == layout
    for plane, codes in zip(frame.planes, [luma, *chroma], strict=True):
        rows = np.frombuffer(plane, kind).reshape(plane.height, -1)[:, : codes.shape[1]]
        np.testing.assert_array_equal(rows, codes)


@pytest.mark.parametrize(
    ("matrix", "kr", "kb"), [(1, 0.2126, 0.0722), (6, 0.299, 0.114), (9, 0.2627, 0.0593)]
)
@pytest.mark.parametrize("full", [False, True])
def test_conversion_is_the_standards(tmp_path: Path, matrix: int, kr: float, kb: float, full: bool) -> None:
    """A ramp and colour bars, computed here in float64: within a tenth of a 10-bit code."""
    bars = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    grey = np.linspace(-0.05, 1.05, 8)[:, None] * np.ones(3)
    rgb = np.repeat(np.repeat(np.stack([bars * 0.75, grey]), 8, 0), 8, 1)
    y = rgb @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (rgb[..., 2] - y) / (2 - 2 * kb), (rgb[..., 0] - y) / (2 - 2 * kr)
    scale = [(1023, 0), (1023, 512), (1023, 512)] if full else [(876, 64), (896, 512), (896, 512)]
    planes = [
        np.clip(np.rint(p * k + o), 0, 1023).astype(np.uint16)
        for p, (k, o) in zip((y, cb, cr), scale, strict=True)
    ]
    tags = {"colorspace": matrix, "color_range": 2 if full else 1}
    path = raw(tmp_path / "a.mkv", "ffv1", "yuv444p10le", planes, **tags)
    got = open_clip(path).read(1)
    y, cb, cr = ((p.astype(np.float64) - o) / k for p, (k, o) in zip(planes, scale, strict=True))
    r, b = y + (2 - 2 * kr) * cr, y + (2 - 2 * kb) * cb
    expected = np.stack([r, (y - kr * r - kb * b) / (1 - kr - kb), b])
    assert np.abs(got.pixels - expected).max() * 1023 < 0.1
    assert got.metadata["cicp:range"] == int(full)
    # an independent converter agrees to its own rounding, inside 0..1 where it does not clip
    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
    other = frame.reformat(format="gbrp16le", src_colorspace=matrix, dst_colorspace=matrix)
    green = np.frombuffer(other.planes[0], np.uint16).reshape(16, -1)[:, :64] / 65535
    if not full:
        green = np.minimum(green * (1023 / 1020), 1)  # it takes 10-bit white for 255 * 4
    assert np.abs(np.clip(got.pixels[1], 0, 1) - green).max() * 1023 < 2


@pytest.mark.parametrize(("height", "matrix"), [(48, "BT.601"), (720, "BT.709")])
def test_untagged_movies_say_which_matrix_was_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, height: int, matrix: str
) -> None:
    planes = [np.full((height, 64), 128, np.uint8), *[np.full((height // 2, 32), 100, np.uint8)] * 2]
    clip = open_clip(raw(tmp_path / "a.mkv", "ffv1", "yuv420p", planes))
    with caplog.at_level(logging.INFO, "interneg.io"):
        frame = clip.read(1)
        clip.read(1)
    assert [r.getMessage().rpartition(" ")[2] for r in caplog.records] == [matrix]
    assert "cicp:matrix" not in frame.metadata
    kr = 0.2126 if matrix == "BT.709" else 0.299
    red = (128 - 16) / 219 + (2 - 2 * kr) * (100 - 128) / 224
    assert frame.pixels[0] == pytest.approx(red, abs=1e-5)


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
@pytest.mark.parametrize("size", [(5, 7), (1, 1), (16, 31)])
def test_odd_sizes(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    if size == (1, 1) and name != "a.mkv":
        pytest.skip("these codecs need more than a pixel")
    out = open_output(tmp_path / name, Numbers(1))
    out.write(Frame.of(picture(1, size=size), number=1001, depth=("uint8",) * 3), {})
    out.close()
    frame = open_clip(tmp_path / name).read(1)
    assert frame.pixels.shape[1:] == size
    assert np.abs(frame.pixels - picture(1, size=size)).mean() < 0.06


def test_full_range_is_kept_without_a_matrix(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 64), 7, np.uint8), format="gray").reformat(
            format="yuvj420p"
        )
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    clip = open_clip(tmp_path / "a.mp4")
    out = open_output(tmp_path / "b.mp4", clip)
    out.write(clip.read(1), {})
    out.close()
    back = open_clip(tmp_path / "b.mp4").read(1)
    assert back.metadata["cicp:range"] == clip.read(1).metadata["cicp:range"] == 1
    assert abs(back.pixels.mean() - clip.read(1).pixels.mean()) < 0.6 / 255
