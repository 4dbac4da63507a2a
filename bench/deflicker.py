"""Deflicker against FFmpeg's filter of that name, on clips of known truth and on real film."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio

from bench.flicker import Clip, blocks, flickering, psnr, removed, scene
from bench.quality import ENCODED, read, write
from bench.table import Row, at_least, at_most, render
from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.frame import Frame
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.metrics.temporal import block_levels, flicker_index
from interneg.node import Context
from interneg.nodes.deflicker import Deflicker

FRAMES = 48
SCENES = 6
SIZES = (5, 15)
FILMS = ("market_street_1906", "great_train_robbery_1903")


def rows(data: Path, out: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow."""
    if (data / "BSD68").is_dir():
        scenes = _scenes(data / "BSD68")
        yield from synthetic(scenes, out)
        yield from events(scenes[0], out)
    yield speed()
    for name in FILMS:
        if (film := data.parent / "footage" / name).is_dir():
            yield from real(film, out)


def synthetic(scenes: list[Clip], out: Path) -> Iterator[Row]:
    """Flicker of gain, gamma and field together over panned pictures in which others move."""
    shares, gains = [], []
    for seed, truth in enumerate(scenes):
        damaged = flickering(truth, seed)
        results = [_deflickered(damaged, out), *(ffmpeg(damaged, size) for size in SIZES)]
        shares.append([removed(truth, damaged, r) for r in results])
        gains.append([psnr(truth, r) - psnr(truth, damaged) for r in results])
    share, gain = np.mean(shares, axis=0), np.mean(gains, axis=0)
    yield at_least("block-wise flicker removed", 88, share[0], "%")
    for size, removed_there, gained in zip(SIZES, share[1:], gain[1:], strict=True):
        yield Row(
            f"the same, FFmpeg deflicker size {size}", "", f"{removed_there:.1f} %, {gained:+.2f} dB", None
        )
    yield Row("PSNR over the flickering clip", "", f"{gain[0]:+.2f} dB", None)
    yield at_least("PSNR over the better of FFmpeg's", 2, gain[0] - max(gain[1:]))


def events(truth: Clip, out: Path) -> Iterator[Row]:
    """What is meant to change, in a clip without flicker and in one with some: how far it is changed.

    Without: the largest change of a block's mean, of blocks lighter than a twentieth of the lightest.
    """
    kinds = {
        "a 24-frame fade to black": fade(truth),
        "a 3-frame lightning": lightning(truth),
        "a lamp that is switched on": lamp(truth),
    }
    for name, clip in kinds.items():
        before, after = blocks(clip), blocks(_deflickered(clip, out))
        seen = before > 0.05 * before.max()
        yield at_most(f"{name}, changed by", 2, 100 * np.abs(after / before - 1)[seen].max(), "%")
    flicker = 1 + 0.03 * np.random.default_rng(0).normal(size=(FRAMES, 1, 1)).astype(np.float32)
    both, alone = (_deflickered(np.clip(c * flicker, 0, 1), out) for c in (lightning(truth), truth / 2))
    rise = np.log(blocks(both) / blocks(alone))[20].mean() / np.log(2)
    yield Row(
        "a lightning's height, in the logarithm, left under flicker of 3 %", "", f"{100 * rise:.1f} %", None
    )


def fade(truth: Clip) -> Clip:
    """The clip faded to black over 24 frames."""
    return np.asarray(truth * np.clip(1 - (np.arange(FRAMES) - 12) / 24, 0, 1)[:, None, None], np.float32)


def lightning(truth: Clip) -> Clip:
    """The clip at half its brightness, with 3 frames brighter: 2, 1.7 and 1.4 times."""
    light = np.full(FRAMES, 0.5, np.float32)
    light[20:23] *= (2.0, 1.7, 1.4)
    return np.asarray(truth * light[:, None, None])


def lamp(truth: Clip) -> Clip:
    """The clip at 0.6 of its brightness, with a lamp that from the middle on lights a part 1.8 times."""
    height, width = truth.shape[1:]
    y, x = np.mgrid[:height, :width]
    near = np.exp(-((x / width - 0.25) ** 2 + (y / height - 0.3) ** 2) / (2 * 0.2**2))
    on = (np.arange(FRAMES) >= FRAMES // 2)[:, None, None]
    return np.asarray(np.clip(0.6 * truth * (1 + 0.8 * near * on), 0, 1), np.float32)


def speed() -> Row:
    """1080p, in memory on both sides: light for the node, 8-bit YCbCr for FFmpeg; best of three."""
    rng, count = np.random.default_rng(1), 20
    large = rng.random((1100, 1960, 3), np.float32)
    clip = [large[n : n + 1080, 2 * n : 2 * n + 1920] * (1 + 0.09 * rng.normal()) for n in range(count)]
    planes = [np.ascontiguousarray(p.transpose(2, 0, 1), np.float32) for p in clip]
    bytes_ = [np.rint(255 * np.clip(p, 0, 1)).astype(np.uint8) for p in clip]
    frames = [av.VideoFrame.from_ndarray(p, format="rgb24").reformat(format="yuv420p") for p in bytes_]
    colour = Colour()

    space = colour.resolve("scene_linear")
    source = FrameList(Frame.of(p, colour_space=space, number=n) for n, p in enumerate(planes))

    def ours() -> None:
        graph = Graph([Deflicker()], source, Context(colour, NoEngines(), Memo(100)), cuts=())
        for number in range(count):
            graph.render(number)

    def theirs() -> None:
        _filtered(frames, 15)

    ratio = min(_seconds(ours) for _ in range(3)) / min(_seconds(theirs) for _ in range(3))
    return Row("1080p: time ÷ FFmpeg deflicker's", "", f"{ratio:.0f}", None)


def real(film: Path, out: Path) -> Iterator[Row]:
    """The flicker index of a real scan before and after, and a strip of one column over time."""
    paths = sorted(film.glob("*.png"))
    target = out / f"{film.name}.%05d.tif"
    render("deflicker", film / "%05d.png", target, *ENCODED)
    clips = [[read(p)[..., :3].mean(axis=-1) for p in paths]]
    clips.append([read(Path(str(target) % int(p.stem)))[..., :3].mean(axis=-1) for p in paths])
    whole = [flicker_index(np.array([p.mean() for p in clip])) for clip in clips]
    local = [flicker_index(np.stack([block_levels(p) for p in clip])) for clip in clips]
    for what, (before, after) in (("", whole), (" in blocks of 32", local)):
        yield Row(f"{film.name}: flicker index{what}", "", f"{before:.4f} → {after:.4f}", None)
    strips = [np.stack([p[:, p.shape[1] // 4] for p in clip], axis=1).repeat(6, axis=1) for clip in clips]
    write(out / f"{film.name}.tif", np.concatenate(strips, axis=1)[..., None])


def ffmpeg(clip: Clip, size: int) -> Clip:
    """The clip through FFmpeg's filter, with the arithmetic mean over `size` frames (its default mode)."""
    eight = np.rint(255 * clip).astype(np.uint8)
    done = _filtered([av.VideoFrame.from_ndarray(p, format="gray") for p in eight], size)
    return np.stack([f.to_ndarray().astype(np.float32) / 255 for f in done])


def _filtered(frames: list[av.VideoFrame], size: int) -> list[av.VideoFrame]:
    graph = av.filter.Graph()
    first = frames[0]
    source = graph.add_buffer(
        width=first.width, height=first.height, format=first.format, time_base=Fraction(1, 24)
    )
    sink = graph.add("buffersink")
    graph.link_nodes(source, graph.add("deflicker", f"size={size}"), sink).configure()
    done: list[av.VideoFrame] = []
    for number, frame in enumerate((*frames, None)):
        if frame is not None:
            frame.pts = number
        graph.push(frame)
        try:
            while True:
                done.append(graph.pull())
        except (av.BlockingIOError, av.EOFError):
            continue
    return done


def _deflickered(clip: Clip, out: Path) -> Clip:
    """The clip through `interneg render deflicker`, 8 bits in and out."""
    for number, picture in enumerate(clip):
        eight = np.rint(255 * picture).astype(np.uint8)
        oiio.ImageBuf(np.ascontiguousarray(eight[..., None])).write(str(out / f"flicker.{number:04d}.png"))
    target = out / "deflickered.%04d.tif"
    frames = f"0-{len(clip) - 1}"
    render("deflicker", out / "flicker.%04d.png", target, "--frames", frames, *ENCODED)
    return np.stack([read(Path(str(target) % n))[..., 0] for n in range(len(clip))])


def _scenes(folder: Path) -> list[Clip]:
    """Panned pictures, each with two others moving across it."""
    pictures = [read(p)[..., 0] for p in sorted(folder.iterdir())]
    wide = [p for p in pictures if p.shape[1] > p.shape[0]]
    return [scene(wide[3 * n : 3 * n + 3], FRAMES) for n in range(SCENES)]


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
