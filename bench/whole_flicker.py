"""Deflicker on whole shots and by its window, beside FFmpeg's filter at its best size, on filmed clips.

The node was made with the three clips of TUNED; the figures are of the other three, after whose first figures
some rules were changed (docs/figures.md says which). Flicker:
a gain of 9 %, a gamma of 6 % and a field of 6 %, each alike over so many frames (autoregressive of first
order), in 8 bits, on luma of 320x180.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from bench.deflicker import fade, ffmpeg, lamp, lightning
from bench.flicker import FIELD, GAIN, GAMMA, Clip, Doubles, blocks, psnr, removed
from bench.quality import ENCODED
from bench.table import Row, at_least, at_most
from interneg.colour import Colour
from interneg.engine import NoEngines
from interneg.frame import Frame, Window
from interneg.graph import FrameList, Graph
from interneg.light.measured_light import MeasuredLight, MeasuredLightFrame
from interneg.memo import Memo
from interneg.node import Context, View
from interneg.nodes.deflicker import Deflicker

TUNED = ("goat", "libby", "dance-twirl")
HELD_OUT = ("horsejump-high", "paragliding-launch", "soapbox")
ALIKE = (0.0, 1.2, 4.0)
"""How many frames flicker stays alike for, to 1/e."""
SEEDS = 3
FRAMES, SIZE = 50, (320, 180)
SIZES = (3, 5, 9, 15, 31, 61)
"""FFmpeg's window; the best for the very clip counts."""


def rows(footage: Path) -> Iterator[Row]:
    """Measure on the held-out clips. footage: the folder with the folder `clips`."""
    clips = {
        name: _luma(footage / "clips" / name) for name in HELD_OUT if (footage / "clips" / name).is_dir()
    }
    if clips:
        yield from _flicker(clips)
        yield from _events(clips)


class _Seen(NamedTuple):
    """Of one clip, in percent and dB: flicker removed from frame to frame, its local part, PSNR over FFmpeg's
    best; how much the level of the picture wanders, rms, and by how much in the input; and of the local part,
    what is removed of its rms, wandering among it.
    """

    removed: float
    local: float
    over: float
    level: float
    before: float
    field: float


def _flicker(clips: dict[str, Clip]) -> Iterator[Row]:
    found: dict[str, list[_Seen]] = {"whole shot": [], "window": [], "FFmpeg": []}
    for name, truth in clips.items():
        for alike in ALIKE:
            part: dict[str, list[_Seen]] = {kind: [] for kind in found}
            for seed in range(SEEDS):
                damaged = flickering(truth, alike, seed)
                whole, window = both(damaged)
                theirs = max((ffmpeg(damaged, size) for size in SIZES), key=lambda c: psnr(truth, c))
                best = psnr(truth, theirs)
                for kind, clip in (("whole shot", whole), ("window", window), ("FFmpeg", theirs)):
                    shares = removed(truth, damaged, clip), local_part(truth, damaged, clip)
                    (level, field), (before, whole_field) = _wanders(truth, clip), _wanders(truth, damaged)
                    gained = psnr(truth, clip) - best
                    part[kind].append(_Seen(*shares, gained, level, before, 100 * (1 - field / whole_field)))
            for kind, seen in part.items():
                found[kind] += seen
                share, local, over, *_ = np.mean(seen, axis=0)
                yield Row(
                    f"{name}, flicker alike over {alike:g} frames, {kind}: removed; local part; PSNR over "
                    "FFmpeg's best", "", f"{share:.1f} %; {local:.1f} %; {over:+.2f} dB", None,
                )  # fmt: skip
    for kind, share, worst, local, over, least in (
        ("whole shot", 92, 86, 60, 3, 1.5),
        ("window", 88, 82, 50, 1.5, 0),
    ):
        of = np.array(found[kind])
        mean, low = of.mean(axis=0), of.min(axis=0)
        yield at_least(f"flicker of all kinds, {kind}: removed, mean", share, mean[0], "%")
        yield at_least(f"flicker of all kinds, {kind}: removed, worst", worst, low[0], "%")
        yield at_least(f"flicker of all kinds, {kind}: local part removed, mean", local, mean[1], "%")
        yield Row(f"flicker of all kinds, {kind}: local part removed, worst", "", f"{low[1]:.1f} %", None)
        yield at_least(f"flicker of all kinds, {kind}: PSNR over FFmpeg's best, mean", over, mean[2])
        yield at_least(f"flicker of all kinds, {kind}: PSNR over FFmpeg's best, worst", least, low[2])
        yield Row(
            f"flicker of all kinds, {kind}: the level wanders by, rms (worst {of[:, 3].max():.1f})", "",
            f"{mean[4]:.1f} to {mean[3]:.1f} %", None,
        )  # fmt: skip
        yield at_least(
            f"flicker of all kinds, {kind}: local part, its wandering counted: removed (worst {low[5]:.1f})",
            local, mean[5], "%",
        )  # fmt: skip
    theirs = np.array(found["FFmpeg"])
    yield Row(
        "flicker of all kinds, FFmpeg's deflicker at its best size: removed, mean and worst", "",
        f"{theirs[:, 0].mean():.1f} %, {theirs[:, 0].min():.1f} %", None,
    )  # fmt: skip


def _events(clips: dict[str, Clip]) -> Iterator[Row]:
    """How far blocks lighter than a twentieth of the lightest are off, after one gain for the clip."""
    kinds = {"a 24-frame fade": fade, "a 3-frame lightning": lightning, "a lamp": lamp}
    for amount, goal in ((0.0, 2.0), (0.03, 3.0), (0.06, 4.0)):
        for name, make in kinds.items():
            off: dict[str, list[tuple[float, float]]] = {"whole shot": [], "window": []}
            for seed, truth in enumerate(clips.values()):
                clip = _eight(make(truth[:48]))
                gains = 1 + amount * np.random.default_rng(seed).normal(size=(len(clip), 1, 1))
                for kind, result in zip(off, both(_eight(clip * gains)), strict=True):
                    apart = np.log(blocks(result) / blocks(clip))
                    seen = blocks(clip) > 0.05 * blocks(clip).max()
                    apart = 100 * (apart - np.median(apart[seen]))[seen]
                    off[kind].append((float(np.sqrt(np.mean(apart**2))), float(np.abs(apart).max())))
            for kind, values in off.items():
                rms, most = np.array(values).T
                what = f"{name} in flicker of {100 * amount:g} %, {kind}: off by"
                if amount:
                    yield at_most(f"{what}, rms, worst clip (at most {most.max():.1f})", goal, rms.max(), "%")
                else:
                    yield at_most(f"{what}, at most, worst clip (rms {rms.max():.1f})", goal, most.max(), "%")


def flickering(clip: Clip, alike: float, seed: int) -> Clip:
    """The clip, (T, H, W) float32 0..1, with a gain, a gamma and a field of gains, in 8 bits.

    alike: how many frames they stay alike for; 0: they are new in each. The field is Gaussian noise on 4x3
    points with cubic interpolation between.
    """
    rng = np.random.default_rng(seed)
    gains, gammas, fields = (drawn(rng, len(clip), alike, shape) for shape in ((), (), (3, 4)))
    out = np.empty_like(clip)
    for picture, to, gain, gamma, points in zip(clip, out, gains, gammas, fields, strict=True):
        field = cv2.resize(points.astype(np.float32), picture.shape[::-1], interpolation=cv2.INTER_CUBIC)
        to[:] = (1 + GAIN * gain) * (1 + FIELD * field) * picture ** (1 + GAMMA * gamma)
    return _eight(out)


def both(damaged: Clip) -> tuple[Clip, Clip]:
    """The clip, (T, H, W) float32 0..1, by the light of its whole shot, and by its windows."""
    seen: dict[int, MeasuredLightFrame] = {}

    class Noting(Deflicker):
        """Notes what the node observes, and renders."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            view = View(window, self.working_space, context, self.divides)
            seen[window.frame.number] = self.observe(view)
            return super().render(window, context, mask)

    window = _rendered(damaged, Noting(), {})
    solved = MeasuredLight(seen)
    files = {"light.json": solved.text.encode(), "light.npz": solved.beside[".npz"]}
    return _rendered(damaged, Deflicker(exposures="light.json"), files), window


def _rendered(clip: Clip, node: Deflicker, files: dict[str, bytes]) -> Clip:
    colour = Colour()
    space = colour.resolve(ENCODED[1])
    source = FrameList(Frame.of(p[None], colour_space=space, number=n) for n, p in enumerate(clip))
    context = Context(colour, NoEngines(), Memo(400), read=files.__getitem__)
    graph = Graph([node], source, context, cuts=())
    return _eight(np.stack([graph.render(n).pixels[0] for n in range(len(clip))]))


def local_part(truth: Clip, damaged: Clip, restored: Clip) -> float:
    """The share of the flicker that differs across the picture that was removed, in percent."""

    def left(clip: Clip) -> float:
        ratio = np.log(blocks(clip)) - np.log(blocks(truth))
        ratio -= ratio.mean(axis=(1, 2), keepdims=True)
        return float(np.sqrt(np.mean((ratio[1:-1] - 0.5 * (ratio[:-2] + ratio[2:])) ** 2)))

    return 100 * (1 - left(restored) / left(damaged))


def _wanders(truth: Clip, clip: Clip) -> tuple[float, float]:
    """How far the level of the picture and of its blocks beside that are off, rms, percent.

    The level is off from its mean over the clip, and so is each block.
    """
    ratio = np.log(blocks(clip)) - np.log(blocks(truth))
    ratio -= ratio.mean(axis=0)
    level = ratio.mean(axis=(1, 2), keepdims=True)
    off = [100 * float(np.sqrt(np.mean(np.square(part)))) for part in (level, ratio - level)]
    return off[0], off[1]


def drawn(rng: np.random.Generator, count: int, alike: float, shape: Sequence[int]) -> Doubles:
    """Gaussian series of deviation 1, (count, *shape), alike over so many frames to 1/e; 0: new in each."""
    found = rng.normal(size=(count, *shape))
    kept = np.exp(-1 / alike) if alike else 0.0
    for t in range(1, count):
        found[t] = kept * found[t - 1] + np.sqrt(1 - kept**2) * found[t]
    return found


def _eight(clip: Doubles | Clip) -> Clip:
    return np.asarray(np.rint(255 * np.clip(clip, 0, 1)) / 255, np.float32)


def _luma(folder: Path) -> Clip:
    paths = sorted(folder.glob("*.jpg"))[:FRAMES]
    read = (cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in paths)
    small = np.stack([cv2.resize(p, SIZE, interpolation=cv2.INTER_AREA) for p in read])
    return np.asarray(small / 255, np.float32)
