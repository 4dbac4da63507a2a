from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import OpenImageIO as oiio
import pytest
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from interneg.errors import InputError, OutputError, UsageError
from interneg.plugin.cli.qc import qc

Floats = NDArray[Any]


FIGURES = {
    *("psnr_y", "ssim_y", "flip", "max", "mean", "nan", "blockiness", "overshoot_max", "overshoot_mean"),
    *("flicker", "flicker_reference", "local_flicker", "local_flicker_reference"),
    *("e_warp", "e_warp_reference"),
}

app = typer.Typer()
app.command()(qc)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def fails(kind: type[Exception], *arguments: object) -> str:
    """Run a command that must fail with this kind of error, and return what it says."""
    result = run(*arguments)
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


def scene(shift: float = 0.0, height: int = 48, width: int = 64) -> Floats:
    y, x = np.mgrid[0:height, 0:width]
    x = x + shift
    waves = [0.45 + 0.3 * np.sin(x / a + y / b) * np.cos(y / 6) for a, b in ((5, 9), (6, 8), (7, 11))]
    return np.stack(waves, axis=2)


def write(folder: Path, pictures: Sequence[Floats], first: int = 1) -> Path:
    """Write RGB pictures of 0..1 as 16-bit PNG."""
    folder.mkdir()
    for n, p in enumerate(pictures, first):
        codes = np.rint(np.clip(p, 0, 1) * 65535).astype(np.uint16)
        assert cv2.imwrite(str(folder / f"p.{n:04d}.png"), codes[..., ::-1] if p.ndim == 3 else codes)
    return folder


def write_exr(folder: Path, pictures: Sequence[Floats], first: int = 1) -> Path:
    """Write scene-linear RGB pictures as float EXR."""
    folder.mkdir()
    for n, p in enumerate(pictures, first):
        file = str(folder / f"p.{n:04d}.exr")
        out = oiio.ImageOutput.create(file)
        assert out
        assert out.open(file, oiio.ImageSpec(p.shape[1], p.shape[0], p.shape[2], "float"))
        assert out.write_image(np.ascontiguousarray(p, np.float32))
        out.close()
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> tuple[Path, Path]:
    """Five frames that pan; the test has a constant error, larger in frame 3."""
    frames = [scene(i) for i in range(5)]
    errors = [0.01, 0.01, 0.05, 0.01, 0.01]
    return (
        write(tmp_path / "a", frames),
        write(tmp_path / "b", [f + e for f, e in zip(frames, errors, strict=True)]),
    )


def figures(tmp_path: Path, *arguments: object) -> tuple[Any, str]:
    file = tmp_path / "out.json"
    result = run(*arguments, "--json", file)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(file.read_text()), result.output


def test_figures_of_a_known_error(clips: tuple[Path, Path], tmp_path: Path) -> None:
    report, output = figures(tmp_path, *clips)
    assert report["paired_by"] == "number" and report["size"] == [64, 48]
    assert set(report["summary"]) == FIGURES
    assert [f["reference"] for f in report["frames"]] == [1, 2, 3, 4, 5]
    assert set(report["frames"][0]) == FIGURES | {"reference", "test"}
    error = 219 * 0.01
    assert report["frames"][0]["psnr_y"] == pytest.approx(20 * np.log10(255 / error), abs=0.01)
    assert report["summary"]["psnr_y"]["frame"] == 3
    assert report["summary"]["flip"]["frame"] == 3
    assert report["summary"]["max"]["worst"] == pytest.approx(0.05, abs=1e-4)
    assert report["summary"]["nan"]["worst"] == 0
    flicker = report["frames"][2]
    assert flicker["flicker"] > flicker["flicker_reference"] + 0.03
    assert report["frames"][0]["flicker"] is None and report["frames"][0]["e_warp"] is None
    assert report["frames"][2]["e_warp"] > report["frames"][2]["e_warp_reference"]
    assert "PSNR-Y" in output and "paired by number" in output
    assert "ERROR" not in output and "Error:" not in output


def test_equal_clips(clips: tuple[Path, Path], tmp_path: Path) -> None:
    report, _ = figures(tmp_path, clips[0], clips[0])
    assert report["frames"][0]["psnr_y"] is None
    assert report["summary"]["psnr_y"] == {"mean": None, "worst": None, "frame": None}
    assert report["summary"]["ssim_y"]["mean"] == pytest.approx(1)
    assert report["summary"]["flip"]["worst"] == 0
    assert report["summary"]["e_warp"] == report["summary"]["e_warp_reference"]


def test_frames_and_crop_choose_what_is_compared(clips: tuple[Path, Path], tmp_path: Path) -> None:
    report, _ = figures(tmp_path, *clips, "--frames", "1-5x2", "--crop", "4")
    assert [f["reference"] for f in report["frames"]] == [1, 3, 5]
    assert report["size"] == [56, 40]


def test_unrelated_numbers_are_paired_by_order(clips: tuple[Path, Path], tmp_path: Path) -> None:
    other = write(tmp_path / "c", [scene(i) for i in range(5)], first=1001)
    report, output = figures(tmp_path, clips[0], other)
    assert report["paired_by"] == "order" and "paired by order" in output
    assert [(f["reference"], f["test"]) for f in report["frames"]][:2] == [(1, 1001), (2, 1002)]
    assert report["summary"]["max"]["worst"] == 0


def test_the_frames_of_a_movie_are_paired_by_order(tmp_path: Path) -> None:
    frames = [scene(i) for i in range(4)]
    reference = write(tmp_path / "a", frames, first=3)
    movie = tmp_path / "b.mkv"
    with av.open(str(movie), "w") as file:
        stream = file.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        for f in frames:
            codes = np.rint(np.clip(f, 0, 1) * 255).astype(np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(codes, format="rgb24")))
        file.mux(stream.encode())
    report, _ = figures(tmp_path, reference, movie)
    assert [(f["reference"], f["test"]) for f in report["frames"]] == [(3, 1), (4, 2), (5, 3), (6, 4)]
    assert report["summary"]["max"]["worst"] < 0.5 / 255 + 1e-4


def test_missing_frames_are_named(clips: tuple[Path, Path], tmp_path: Path) -> None:
    (clips[1] / "p.0002.png").unlink()
    (clips[1] / "p.0004.png").unlink()
    assert "lacks 2,4" in fails(InputError, *clips)
    report, _ = figures(tmp_path, *clips, "--frames", "3,5")
    assert [f["reference"] for f in report["frames"]] == [3, 5]
    assert "lacks 6-8" in fails(InputError, clips[0], clips[0], "--frames", "5-8")


def test_shots_have_their_own_flicker_and_no_warp_across_the_cut(tmp_path: Path) -> None:
    one, two = 0.7 * scene(), scene(40)[:, ::-1] ** 2
    two[10:30, 5:40] = 0.02
    clip = write(tmp_path / "a", [one] * 5 + [two] * 5)
    report, _ = figures(tmp_path, clip, clip)
    assert report["shots"] == [1, 6]
    assert report["frames"][5]["e_warp"] is None and report["frames"][6]["e_warp"] is not None
    assert report["summary"]["flicker"]["worst"] == 0


def test_float_pictures_are_seen_in_the_encoding_of_the_integer_ones(tmp_path: Path) -> None:
    encoded = scene()
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    # The primaries of an untagged EXR are the config's affair; a neutral picture has none.
    grey = write(tmp_path / "g", [encoded[..., :1].repeat(3, axis=2)])
    exr = write_exr(tmp_path / "b", [linear[..., :1].repeat(3, axis=2)])
    report, output = figures(tmp_path, grey, exr)
    assert report["summary"]["max"]["worst"] < 1e-3
    assert "as stored (uint16)" in output and "converted from" in output
    both, _ = figures(tmp_path, exr, exr)
    assert both["colour"]["reference"] == both["colour"]["test"]
    assert both["summary"]["flip"]["worst"] == 0


def test_nan_pixels_are_counted_and_left_out(tmp_path: Path) -> None:
    linear = np.full((32, 40, 3), 0.2)
    linear[:, 20:] = 0.4
    broken, worse = linear.copy(), linear.copy()
    broken[3, 4] = np.nan
    worse[3, 4] = np.nan
    worse[9, 9, 1] = np.inf
    a, b = write_exr(tmp_path / "a", [broken]), write_exr(tmp_path / "b", [worse])
    report, _ = figures(tmp_path, a, b, "--html", tmp_path / "html")
    assert report["summary"]["nan"]["worst"] == 1
    assert report["summary"]["max"]["worst"] == 0 and report["summary"]["flip"]["worst"] == 0


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (13, 15)])
def test_tiny_pictures_have_the_figures_that_exist(tmp_path: Path, size: tuple[int, int]) -> None:
    a = write(tmp_path / "a", [scene(i, *size) for i in range(3)])
    b = write(tmp_path / "b", [scene(i, *size) * 0.9 for i in range(3)])
    report, _ = figures(tmp_path, a, b, "--html", tmp_path / "html")
    frame = report["frames"][1]
    assert frame["psnr_y"] > 10 and frame["flip"] > 0
    assert frame["e_warp"] is None
    assert (frame["ssim_y"] is None) == (min(size) < 11)


def test_grey_pictures_are_compared_as_grey(tmp_path: Path) -> None:
    grey = scene()[..., 0]
    a, b = write(tmp_path / "a", [grey]), write(tmp_path / "b", [grey + 0.01])
    report, _ = figures(tmp_path, a, b)
    assert report["frames"][0]["psnr_y"] == pytest.approx(40, abs=0.02)
    colour = write(tmp_path / "c", [scene()])
    assert "1 colour channels" in fails(InputError, a, colour)


def test_a_grey_frame_among_colour_ones_is_compared_in_colour(tmp_path: Path) -> None:
    """As a render writes it, of which qc is asked."""
    grey = scene()[..., 0]
    source = write(tmp_path / "a", [scene(), grey, scene(1)])
    made = write(tmp_path / "b", [scene(), np.stack([grey + 0.01] * 3, 2), scene(1)])
    for clips in ((source, made), (made, source)):
        report, _ = figures(tmp_path, *clips)
        assert [f["psnr_y"] for f in report["frames"]] == [None, pytest.approx(41.32, abs=0.02), None]


def test_other_sizes_and_absent_clips_are_refused(clips: tuple[Path, Path], tmp_path: Path) -> None:
    small = write(tmp_path / "s", [scene(0, 24, 32)] * 5)
    message = fails(InputError, clips[0], small)
    assert "64x48" in message and "32x24" in message
    assert "nothing-here" in fails(InputError, clips[0], tmp_path / "nothing-here")
    assert "--crop 24 leaves nothing" in fails(UsageError, *clips, "--crop", "24")
    fails(UsageError, *clips, "--frames", "5-1")


def test_a_report_that_cannot_be_written(clips: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    fails(OutputError, *clips, "--json", tmp_path / "file" / "q.json")
    fails(OutputError, *clips, "--html", tmp_path / "file")


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.images: list[Any] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.images += [v for k, v in attributes if tag == "img" and k == "src"]
        if tag not in ("meta", "img", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_shows_the_worst_frames(clips: tuple[Path, Path], tmp_path: Path) -> None:
    result = run(*clips, "--html", tmp_path / "html")
    assert result.exit_code == 0, result.exception
    text = (tmp_path / "html/qc.html").read_text()
    assert [p.name for p in (tmp_path / "html").iterdir()] == ["qc.html"]
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert "link" not in page.tags
    assert not re.search(r"https?:|url\(|@import", text)
    assert "prefers-color-scheme: dark" in text
    assert len(page.images) == 4 and page.tags.count("svg") >= 10
    block = re.search(r'<script type="application/json" id="shot">(.*?)</script>', text)
    assert block
    shown = json.loads(block[1])
    assert shown["worst"][0] == 3
    frame = next(f for f in shown["frames"] if f["number"] == 3)
    data = base64.b64decode(frame["before"].removeprefix("data:image/jpeg;base64,"), validate=True)
    before = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    np.testing.assert_allclose(before[..., ::-1] / 255, scene(2), atol=0.1)
    assert not re.search(r"\bnan\b", text)


def test_names_are_escaped(tmp_path: Path) -> None:
    folder = write(tmp_path / "<b>&", [scene()])
    assert run(folder, folder, "--html", tmp_path / "html").exit_code == 0
    assert "&lt;b&gt;&amp;" in (tmp_path / "html/qc.html").read_text()


def test_the_command_loads_no_image_library_before_it_runs() -> None:
    code = (
        "import sys, interneg.plugin.cli.qc; "
        "print([m for m in ('numpy', 'cv2', 'OpenImageIO', 'av', 'PyOpenColorIO') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
