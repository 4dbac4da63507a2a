"""Flow against plain dense inverse search, and Denoise-SR over time against itself frame by frame.

Clips of known truth: filmed from stills, with objects that move in front, and real ones; damage is added.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from bench import over_time
from bench.damage import animals, decoded, read_member, still
from bench.scenes import FRAMES, damaged, pair, scene
from bench.table import Row, at_least, at_most
from interneg.colour import Colour, WorkingSpace
from interneg.engines.source import Engines
from interneg.frame import Frame, Pixels, Window
from interneg.graph import FrameList, Graph
from interneg.memo import Memo
from interneg.metrics.temporal import FrameMotion, motion, warp_error
from interneg.motion.flow import flow
from interneg.node import Context, View
from interneg.nodes.denoise_sr import DenoiseSR

SIGMAS = (15, 25)
EVERY = 13
"""Of the real clips every so many-th is taken."""
SPEEDS = (3, 8, 20)
DAMAGES = ("nothing", "flicker", "grain", "dirt", "noise 15", "noise 25")
PAIRS = 8


def rows(data: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow."""
    train = data.parent / "train"
    context = Context(Colour(), Engines(), Memo(256))
    if (archive := train / "stills_00.tar").is_file():
        ground, fronts = still(archive), animals(archive)
        yield from flows(ground, fronts, context)
        scenes = [scene(ground, fronts, speed, seed) for seed, speed in enumerate(SPEEDS)]
        for sigma in SIGMAS:
            yield from filmed(scenes, sigma, context)
    else:
        print(f"no stills at {archive}: the rows of flow and of filmed stills are left out")
    if (archive := train / "clips_00.tar").is_file():
        taken = list(_clips(archive))
        for sigma in SIGMAS:
            yield from real(taken, sigma, context)
    else:
        print(f"no clips at {archive}: the rows of real clips are left out")
    if (clips := data.parent / "footage" / "clips").is_dir():
        yield from over_time.rows(clips, context)
    else:
        print(f"no clips at {clips}: the rows of noise as cameras have it are left out")
    yield from cost(context)


def flows(ground: Pixels, fronts: Sequence[Pixels], context: Context) -> Iterator[Row]:
    """Mean end-point error where nothing is covered, with the damage that restoration meets."""
    plain = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    for damage in DAMAGES:
        errors = []
        for seed in range(PAIRS):
            first, second, truth, seen = pair(ground, fronts, seed)
            lumas = damaged(first, second, damage, np.random.default_rng(seed))
            eight = [np.rint(np.clip(p, 0, 1) * 255).astype(np.uint8) for p in lumas]
            frames = tuple(Frame.of(p[None], colour_space="data", number=i) for i, p in enumerate(lumas))
            view = View(Window(frames, 0), WorkingSpace.LOG_Y, context)
            found = flow(view, 0, 1).field, plain.calc(eight[0], eight[1], None)
            errors.append([np.linalg.norm(f - truth, axis=-1)[seen].mean() for f in found])
        ours, theirs = np.mean(errors, axis=0)
        yield Row(
            f"flow, damage: {damage}: mean end-point error, plain DIS's beside it",
            "",
            f"{ours:.2f} px, {theirs:.2f} px",
            None,
        )


def filmed(
    scenes: Sequence[tuple[list[Pixels], list[Pixels]]], sigma: int, context: Context
) -> Iterator[Row]:
    """Noisy pans with discs that move in front: steadiness, PSNR, and what fast motion leaves behind."""
    unsteady, gains, trails = [], [], []
    for seed, (clean, discs) in enumerate(scenes):
        results = _both(_noisy(clean, sigma, seed), context)
        unsteady.append(_unsteadiness(clean, results))
        gains.append(_gain(clean, results))
        trails.append(_trail(clean, discs, results))
    name = f"temporal=2 over temporal=0, filmed stills, σ={sigma}"
    yield from _steadier(name, unsteady, gains)
    for speed, ratio in zip(SPEEDS, trails, strict=True):
        yield at_most(f"{name}: squared error in the trail of {speed} px per frame, ÷ temporal=0's", 1, ratio)


def real(clips: Sequence[list[Pixels]], sigma: int, context: Context) -> Iterator[Row]:
    """The same on real clips. These have noise and wrong motion of their own, which is steadied too."""
    results = [_both(_noisy(clean, sigma, seed), context) for seed, clean in enumerate(clips)]
    unsteady = [_unsteadiness(c, r) for c, r in zip(clips, results, strict=True)]
    gains = [_gain(c, r) for c, r in zip(clips, results, strict=True)]
    name = f"temporal=2 over temporal=0, {len(clips)} real clips, σ={sigma}"
    yield from _steadier(name, unsteady, gains)
    yield Row(f"{name}: PSNR, worst clip", "", f"{min(gains):+.2f} dB", None)


def _steadier(name: str, unsteady: Sequence[Sequence[float]], gains: Sequence[float]) -> Iterator[Row]:
    before, after, error_before, error_after = np.sum(unsteady, axis=0)
    yield at_least(
        f"{name}: E_warp beyond the clean clip's own, lower by", 80, 100 * (1 - after / before), "%"
    )
    yield Row(
        f"{name}: E_warp of the error, lower by", "", f"{100 * (1 - error_after / error_before):.0f} %", None
    )
    yield at_least(f"{name}: PSNR", 0.7, float(np.mean(gains)))


def cost(context: Context) -> Iterator[Row]:
    """Seconds per frame of 1080p in a run, against temporal=0 in turn."""
    rng = np.random.default_rng(0)
    ground = rng.random((150, 260, 3)).astype(np.float32)
    large = cv2.resize(ground, (2080, 1200), interpolation=cv2.INTER_CUBIC)
    clean = [large[4 * t : 4 * t + 1080, 6 * t : 6 * t + 1920].transpose(2, 0, 1) for t in range(8)]
    frames = _noisy(clean, 10, 0)
    seconds: dict[int, list[float]] = {0: [], 1: [], 2: []}
    graphs = {
        n: Graph(
            [DenoiseSR(temporal=n)],
            FrameList(frames),
            Context(context.colour, context.engines, Memo(64)),
            cuts=[1],
        )
        for n in seconds
    }
    for number in range(3, 7):  # the first pays for what the window holds already
        for n, graph in graphs.items():
            start = time.perf_counter()
            graph.render(number)
            seconds[n].append(time.perf_counter() - start)
    alone = min(seconds[0][1:])
    for n in (1, 2):
        yield Row(
            f"1080p, lite 1x: temporal={n} ÷ temporal=0, per frame",
            "",
            f"{min(seconds[n][1:]) / alone:.2f}",
            None,
        )


def _clips(archive: Path) -> Iterator[list[Pixels]]:
    """(3, H, W) frames of some of the real clips."""
    with tarfile.open(archive) as tar:
        names = sorted(n for n in tar.getnames() if n.endswith(".jpg"))
        folders = sorted({n.rsplit("/", 1)[0] for n in names})
        for folder in folders[4::EVERY]:
            pictures = [n for n in names if n.startswith(f"{folder}/")][:FRAMES]
            yield [decoded(read_member(tar, n)).transpose(2, 0, 1) for n in pictures]


def _noisy(clean: Sequence[Pixels], sigma: int, seed: int) -> list[Frame]:
    rng, space = np.random.default_rng(1000 * sigma + seed), "sRGB Encoded Rec.709 (sRGB)"
    return [
        Frame.of(c + rng.normal(0, sigma / 255, c.shape).astype(np.float32), colour_space=space, number=i)
        for i, c in enumerate(clean, 1)
    ]


def _both(frames: Sequence[Frame], context: Context) -> list[list[Pixels]]:
    """The clip denoised frame by frame, and over time."""
    graphs = [Graph([DenoiseSR(temporal=n)], FrameList(frames), context, cuts=[1]) for n in (0, 2)]
    return [[graph.render(f.number).pixels for f in frames] for graph in graphs]


def _unsteadiness(clean: Sequence[Pixels], results: Sequence[Sequence[Pixels]]) -> list[float]:
    """E_warp along the clean clip's motion, mean over its pairs.

    Of each result, less that of the clean clip; then of each result's error. The first falls below 0 where a
    result is steadier than the clean clip, which has noise and edges between its samples.
    """
    truth, *others = ([_luma(p) for p in clip] for clip in (clean, *results))
    moved: list[FrameMotion] = [motion(*pair) for pair in pairwise(truth)]

    def unsteady(lumas: Sequence[Pixels]) -> float:
        return float(np.mean([warp_error(*p, m) for p, m in zip(pairwise(lumas), moved, strict=True)]))

    errors = [[r - c for r, c in zip(clip, truth, strict=True)] for clip in others]
    return [*(unsteady(clip) - unsteady(truth) for clip in others), *map(unsteady, errors)]


def _gain(clean: Sequence[Pixels], results: Sequence[Sequence[Pixels]]) -> float:
    """By how many dB the second result is nearer to the truth than the first; mean over the frames."""
    errors = [[np.mean(np.square(r - c)) for r, c in zip(clip, clean, strict=True)] for clip in results]
    return float(np.mean(10 * np.log10(np.divide(errors[0], errors[1]))))


def _trail(clean: Sequence[Pixels], discs: Sequence[Pixels], results: Sequence[Sequence[Pixels]]) -> float:
    """The second result's squared error over the first's, where a disc was or will be and is not."""
    errors = np.zeros(2)
    for t in range(2, FRAMES - 2):
        near = np.max([discs[t + o] for o in (-2, -1, 1, 2)], axis=0)
        trail = (near > 0) & (discs[t] == 0)
        errors += [np.square(clip[t] - clean[t])[:, trail].sum() for clip in results]
    return float(errors[1] / errors[0])


def _luma(picture: Pixels) -> Pixels:
    return np.asarray(np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), picture, 1), np.float32)
