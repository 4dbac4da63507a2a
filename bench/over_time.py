"""Denoise-SR over time on filmed clips, with noise as cameras have it, beside temporal=0 and peers.

Noise is white, equal on R, G and B, and clipped and rounded to 8 bits. V-BM3D runs where `vapoursynth` and
`vapoursynth-bm3d` are installed, nlmeans and hqdn3d where `ffmpeg` is.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.table import Row, at_least
from interneg.frame import Frame, Pixels
from interneg.graph import FrameList, Graph
from interneg.metrics.temporal import motion, warp_error
from interneg.node import Context
from interneg.nodes.denoise_sr import DenoiseSR

SIGMAS = (15, 25)
TUNED = ("goat", "libby", "dance-twirl")
"""The clips that settings were found on; the figures that count are those of the others."""
FRAMES, SIZE = 8, (240, 320)
SEEDS = (1, 2, 3)
"""Of the noise of the clips that were not tuned on; the others have the first alone."""
MODELS = ("lite", "standard")
SPACE = "sRGB Encoded Rec.709 (sRGB)"

Clip = list[Pixels]
Method = Callable[[Clip, int], Clip]


def rows(clips: Path, context: Context) -> Iterator[Row]:
    """Rows of the clips that were not tuned on, then of the others."""
    names = sorted(f.name for f in clips.iterdir() if f.is_dir())
    for sigma in SIGMAS:
        for kind, chosen, seeds in (
            ("unseen", [n for n in names if n not in TUNED], SEEDS),
            ("tuned", [n for n in names if n in TUNED], SEEDS[:1]),
        ):
            yield from compared(kind, [filmed(clips / n) for n in chosen], seeds, sigma, context)


def compared(
    kind: str, clips: Sequence[Clip], seeds: Sequence[int], sigma: int, context: Context
) -> Iterator[Row]:
    """PSNR over R, G and B, mean and worst clip of all seeds, and E_warp beyond the clean clip's own."""
    pairs = [(clip, clipped(clip, sigma, seed)) for seed in seeds for clip in clips]
    scores, shown = {}, {}
    for name, method in methods(context).items():
        made = [(clip, method(noisy, sigma)) for clip, noisy in pairs]
        scores[name] = np.array([psnr(*pair) for pair in made])
        shown[name] = float(np.mean([unsteadiness(*pair) for pair in made]))
    title = f"denoise-sr, {len(clips)} {kind} clips, σ={sigma}"
    for model in MODELS:
        alone = scores[f"{model}, temporal=0"]
        yield Row(f"{title}: {model}, temporal=0, PSNR", "", f"{alone.mean():.2f} dB", None)
        for n in (1, 2):
            gains = scores[f"{model}, temporal={n}"] - alone
            yield Row(f"{title}: {model}, temporal={n} over 0, mean", "", f"{gains.mean():+.2f} dB", None)
            yield at_least(f"{title}: {model}, temporal={n} over 0, worst", 0, float(gains.min()))
    best = f"{MODELS[-1]}, temporal=2"
    for name in ("V-BM3D", "nlmeans", "hqdn3d"):
        what = f"{title}: {best} over {name}"
        if name not in scores:
            yield Row(what, "", "not installed", None)
            continue
        gains = scores[best] - scores[name]
        figure = f"{gains.mean():+.2f} dB, worst {gains.min():+.2f} dB"
        reached = bool(gains.mean() >= 1 and gains.min() >= 0) if name == "V-BM3D" else None
        yield Row(what, "≥ 1 dB, worst ≥ 0 dB" if name == "V-BM3D" else "", figure, reached)
    unsteady = ", ".join(f"{name} {value:.2e}" for name, value in shown.items())
    others = [value for name, value in shown.items() if "temporal" not in name]
    reached = shown[best] < min(others) if others else None
    yield Row(f"{title}: E_warp beyond the clean clip's own", f"{best} lowest", unsteady, reached)


def methods(context: Context) -> dict[str, Method]:
    """What is compared, as far as it is installed."""

    def ours(model: str, temporal: int) -> Method:
        return lambda clip, sigma: denoised(clip, sigma, model, temporal, context)

    found: dict[str, Method] = {f"{m}, temporal={n}": ours(m, n) for m in MODELS for n in (0, 1, 2)}
    if importlib.util.find_spec("vapoursynth"):
        import vapoursynth

        if hasattr(vapoursynth.core, "bm3d"):
            found["V-BM3D"] = lambda clip, sigma: vbm3d(vapoursynth, clip, sigma)
    if shutil.which("ffmpeg"):
        # Of some strengths the best for the clip goat.
        found["nlmeans"] = lambda clip, sigma: ffmpeg(clip, f"nlmeans=s={0.5 * sigma}:p=5:r=11")
        found["hqdn3d"] = lambda clip, sigma: ffmpeg(clip, f"hqdn3d={1.1 * sigma}")
    return found


def filmed(folder: Path) -> Clip:
    """The middle frames of a clip, cropped in the middle, (3, H, W) float32 each, encoded, 0..1."""
    files = sorted(folder.glob("*.jpg"))
    first = (len(files) - FRAMES) // 2
    frames = []
    for file in files[first : first + FRAMES]:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR_RGB)
        assert picture is not None, file
        top, left = ((n - s) // 2 for n, s in zip(picture.shape, SIZE, strict=False))
        crop = picture[top : top + SIZE[0], left : left + SIZE[1]]
        frames.append(crop.transpose(2, 0, 1).astype(np.float32) / 255)
    return frames


def clipped(clip: Clip, sigma: int, seed: int) -> Clip:
    """The clip with the noise of a camera of 8 bits."""
    rng = np.random.default_rng(1000 * sigma + seed)
    noisy = (np.rint(255 * c + rng.normal(0, sigma, c.shape)) for c in clip)
    return [np.asarray(np.clip(p, 0, 255) / 255, np.float32) for p in noisy]


def denoised(clip: Clip, sigma: int, model: str, temporal: int, context: Context) -> Clip:
    """Denoise-SR, told the noise."""
    frames = [Frame.of(p, colour_space=SPACE, number=i) for i, p in enumerate(clip, 1)]
    node = DenoiseSR(model=model, temporal=temporal, noise=float(sigma))
    graph = Graph([node], FrameList(frames), context, cuts=[1])
    return [graph.render(f.number).pixels for f in frames]


def vbm3d(vapoursynth: Any, clip: Clip, sigma: int) -> Clip:
    """V-BM3D's two steps over five frames, as its plugin has them: in its opponent colour space, in float."""
    core = vapoursynth.core
    height, width = clip[0].shape[1:]
    blank = core.std.BlankClip(
        width=width, height=height, format=vapoursynth.RGBS, length=len(clip), keep=True
    )

    def filled(n: int, f: Any) -> Any:
        frame = f.copy()
        for plane in range(3):
            np.copyto(np.asarray(frame[plane]), clip[n][plane])
        return frame

    told: dict[str, Any] = {"radius": 2, "sigma": [sigma] * 3, "matrix": 100}
    noisy = core.bm3d.RGB2OPP(blank.std.ModifyFrame(blank, filled), sample=1)
    basic = core.bm3d.VBasic(noisy, **told).bm3d.VAggregate(radius=2, sample=1)
    final = core.bm3d.VFinal(noisy, basic, **told).bm3d.VAggregate(radius=2, sample=1)
    back = core.bm3d.OPP2RGB(final, sample=1)
    return [np.stack([np.asarray(frame[plane]) for plane in range(3)]) for frame in back.frames()]


def ffmpeg(clip: Clip, recipe: str) -> Clip:
    """A filter of FFmpeg's on planar RGB of 8 bits; hqdn3d takes 4:4:4 instead."""
    height, width = clip[0].shape[1:]
    raw = b"".join(np.rint(255 * p).astype(np.uint8).transpose(1, 2, 0).tobytes() for p in clip)
    form = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    inner = "format=yuv444p," if recipe.startswith("hqdn3d") else "format=gbrp,"
    command = ["ffmpeg", "-v", "error", *form, "-i", "-", "-vf", inner + recipe, *form[:4], "-"]
    done = subprocess.run(command, input=raw, capture_output=True, check=True).stdout
    pictures = np.frombuffer(done, np.uint8).reshape(-1, height, width, 3)
    return [np.asarray(p.transpose(2, 0, 1).astype(np.float32) / 255, np.float32) for p in pictures]


def psnr(clean: Clip, made: Clip) -> float:
    """Mean over the frames that have two neighbours on each side, over R, G and B."""
    errors = [np.mean(np.square(np.clip(m, 0, 1) - c)) for c, m in zip(clean, made, strict=True)][2:-2]
    return float(np.mean(-10 * np.log10(errors)))


def unsteadiness(clean: Clip, made: Clip) -> float:
    """E_warp along the clean clip's motion, less the clean clip's own."""
    truth, result = ([luma(p) for p in clip] for clip in (clean, made))
    moved = [motion(*pair) for pair in pairwise(truth)]
    both = [
        np.mean([warp_error(*pair, m) for pair, m in zip(pairwise(lumas), moved, strict=True)])
        for lumas in (result, truth)
    ]
    return float(both[0] - both[1])


def luma(picture: Pixels) -> Pixels:
    """Of encoded R, G and B."""
    return np.asarray(np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), picture, 1), np.float32)
