"""Denoise-SR's deblock on video of known truth: luma, colour and blocks, beside FFmpeg's spp.

Six frames of each clip, coded as 4:2:0 by x264 and MPEG-2, go through `interneg render` as a user's would.
FFmpeg's program is looked for on the path, then in the package imageio-ffmpeg (`pip install imageio-ffmpeg`).
Its filter is given, for each codec, the quantiser that serves it best on these very clips.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from bench.quality import ENCODED, read
from bench.table import Row, at_least, render
from interneg.colour.working import to_luma
from interneg.frame import Pixels
from interneg.io import open_clip
from interneg.metrics.blocking import Grid, blockiness_excess

CLIPS = ("horsejump-high", "paragliding-launch", "soapbox")
"""Clips that nothing was tuned on."""
FIRST, FRAMES, SIZE = 10, 6, (320, 480)
DEBLOCK = 0.6
LUMA, COLOUR, BLOCKS = 0.5, 0.4, 90
BLOCKY = 0.3
"""Below this excess a picture has no blocks to speak of, as x264's own filter leaves it."""
SPP_QPS = (2, 4, 8, 16)


class Codec(NamedTuple):
    """What codes a clip: FFmpeg's name, its options, and the fixed quantiser of MPEG-2 (0: none)."""

    label: str
    name: str
    options: dict[str, str]
    qscale: int = 0


CODECS = (
    Codec("x264 CRF 30", "libx264", {"crf": "30"}),
    Codec("x264 CRF 38", "libx264", {"crf": "38"}),
    Codec("MPEG-2 q 10", "mpeg2video", {}, 10),
)


class Gain(NamedTuple):
    """What a restoration brought in one clip: dB of luma and colour, and blockiness before and after."""

    luma: float
    colour: float
    before: float
    after: float


def rows(clips: Path, out: Path) -> Iterator[Row]:
    """Measure both models and spp on every codec. clips: a folder with one of JPEG files per clip."""
    if not all((clips / name).is_dir() for name in CLIPS):
        print(f"no clips at {clips}: the rows of codecs are left out")
        return
    program = ffmpeg()
    for codec in CODECS:
        truths = [_truth(clips / name) for name in CLIPS]
        movies = [out / f"codec_{codec.name}_{name}.mkv" for name in CLIPS]
        for truth, movie in zip(truths, movies, strict=True):
            encode(truth, codec, movie)
        coded = [decode(movie) for movie in movies]
        for model in ("lite", "standard"):
            results = [_restored(movie, model) for movie in movies]
            yield from _rows(f"{codec.label}, {model}", _gains(truths, coded, results))
        if program is None:
            print("no FFmpeg on the path and no imageio-ffmpeg: the rows of spp are left out")
            continue
        peers = {qp: _gains(truths, coded, [_spp(program, m, qp) for m in movies]) for qp in SPP_QPS}
        best = max(peers, key=lambda qp: sum(g.luma + g.colour for g in peers[qp]))
        for row in _rows(f"{codec.label}, FFmpeg spp=6:qp={best}", peers[best]):
            yield replace(row, goal="", reached=None)


def ffmpeg() -> str | None:
    """Where FFmpeg's program is, or None."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except ModuleNotFoundError:
        return None


def encode(frames: Sequence[Pixels], codec: Codec, target: Path) -> None:
    """Write (3, H, W) float32 R'G'B' of 0..1 as 4:2:0 video, a key frame first."""
    with av.open(str(target), "w") as sink:
        stream = sink.add_stream(codec.name, rate=24, options=codec.options)
        stream.height, stream.width = frames[0].shape[1:]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size, context.thread_count = 12, 1
        if codec.qscale:
            context.qmin = context.qmax = codec.qscale
            context.flags |= 2  # AV_CODEC_FLAG_QSCALE
            context.global_quality = codec.qscale * 118  # FF_QP2LAMBDA
        for frame in frames:
            eight = np.ascontiguousarray(np.rint(frame * 255).astype(np.uint8).transpose(1, 2, 0))
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(eight, "rgb24")))
        sink.mux(stream.encode(None))


def decode(movie: Path) -> list[Pixels]:
    """The frames of a movie as the nodes are given them, (3, H, W) R'G'B'."""
    clip = open_clip(str(movie))
    return [clip.read(number).pixels for number in clip.numbers]


def _truth(folder: Path) -> list[Pixels]:
    """The middle of some frames of a clip, (3, H, W) float32 R'G'B' of 0..1."""
    frames = []
    for path in sorted(folder.glob("*.jpg"))[FIRST : FIRST + FRAMES]:
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
        assert picture is not None, path
        top, left = ((whole - part) // 2 for whole, part in zip(picture.shape, SIZE, strict=False))
        part = picture[top : top + SIZE[0], left : left + SIZE[1]]
        frames.append(part.transpose(2, 0, 1).astype(np.float32) / 255)
    return frames


def _restored(movie: Path, model: str) -> list[Pixels]:
    pattern = movie.with_name(f"{movie.stem}_{model}.%04d.tif")
    for old in movie.parent.glob(f"{movie.stem}_{model}.*.tif"):
        old.unlink()
    render(
        f"denoise-sr:model={model},noise=0,deblock={DEBLOCK}", movie, pattern, *ENCODED, "--depth", "float"
    )
    written = sorted(movie.parent.glob(f"{movie.stem}_{model}.*.tif"))
    return [read(path)[..., :3].transpose(2, 0, 1) for path in written]


def _spp(program: str, movie: Path, qp: int) -> list[Pixels]:
    target = movie.with_name(f"{movie.stem}_spp.mkv")
    command = [program, "-v", "error", "-y", "-i", str(movie), "-vf", f"spp=6:qp={qp}"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-c:v", "ffv1", str(target)], check=True)
    return decode(target)


def _gains(
    truths: Sequence[Sequence[Pixels]], coded: Sequence[Sequence[Pixels]], results: Sequence[Sequence[Pixels]]
) -> list[Gain]:
    """What each clip gained, the mean over its frames."""
    gains = []
    for clip in zip(truths, coded, results, strict=True):
        frames = []
        for pictures in zip(*clip, strict=True):
            truth, before, after = (_split(p) for p in pictures)
            errors = [np.square(p - truth) for p in (before, after)]
            luma, colour = (
                10 * np.log10(errors[0][part].mean() / errors[1][part].mean())
                for part in (np.s_[:1], np.s_[1:])
            )
            eight = [255 * p[0].astype(np.float64) for p in (truth, before, after)]
            frames.append((luma, colour, *(blockiness_excess(eight[0], p, Grid(8, 0, 0)) for p in eight[1:])))
        gains.append(Gain(*np.mean(frames, axis=0)))
    return gains


def _split(rgb: Pixels) -> Pixels:
    planes = np.array(rgb, np.float32)
    to_luma(planes)
    return planes


def _rows(name: str, gains: Sequence[Gain]) -> Iterator[Row]:
    for what, goal, values in (
        ("luma", LUMA, [g.luma for g in gains]),
        ("colour", COLOUR, [g.colour for g in gains]),
    ):
        figure = f"{np.mean(values):+.2f} dB, worst clip {min(values):+.2f} dB"
        yield Row(f"{name}: PSNR of {what}", f"≥ {goal:+g} dB", figure, float(np.mean(values)) >= goal)
    before, after = (float(np.mean([getattr(g, when) for g in gains])) for when in ("before", "after"))
    if before < BLOCKY:
        yield Row(f"{name}: blockiness excess", "", f"{before:.2f} → {after:.2f}", None)
    else:
        removed = 100 * (1 - abs(after) / before)  # too few blocks count too
        yield at_least(f"{name}: blockiness excess removed", BLOCKS, removed, "%")
