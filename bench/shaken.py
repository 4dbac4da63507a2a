"""Clips of known weave, what Stabilise and FFmpeg's filters make of them, and how far that is off.

How far a picture is from the truth is measured on the pictures themselves, for every tool alike: the frame of
the true clip is registered to that of the result. `off` is where that puts the middle of the frame, x and y.
What is called removed is 1 less the ratio of result to damaged clip, of the rms over frames and both axes:
weave: of the difference of `off` from frame to frame; shake: of the second difference of `off`.
drift: the rms of `off` less its mean over the clip, per axis; at the ends: over the first and last 5 frames.
warp: of the flow from truth to result, in blocks of 32x32 pixels, from frame to frame; beside weave, of each
frame, and but for shift, turn and zoom.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import cv2
import numpy as np
import numpy.typing as npt

from bench.damage import Image, Take, Track, decoded
from bench.table import render
from interneg.colour import Colour, WorkingSpace
from interneg.engine import NoEngines
from interneg.frame import Frame, Window
from interneg.memo import Memo
from interneg.motion.flow import flow
from interneg.motion.weave import rigid
from interneg.node import Context, View

BORDER = 24
SPACE = "sRGB Encoded Rec.709 (sRGB)"
VIDSTAB = (3, 10, 30)
"""Its smoothing; 10 is its default."""


def way_of(pictures: Iterable[Image]) -> Track:
    """Where the camera points in each of a clip's pictures, as they are measured to follow each other.

    (2, N): x and y from the first, pixels. Where the picture moves to the right, it points further left.
    """
    way = -np.cumsum(axes(steps(list(pictures))), axis=0)
    return np.concatenate([np.zeros((1, 2)), way]).T


def steps(pictures: list[Image]) -> list[complex]:
    """What the middle of each picture moves by to the next, pixels."""
    view = _view(pictures)
    return [rigid(view, k, k + 1).shift for k in range(len(pictures) - 1)]


@dataclass(frozen=True)
class Result:
    """The pictures that came of a clip, and where they lie. off: (N, 2) pixels."""

    pictures: list[Image]
    off: Track


class Shot:
    """A damaged clip, its truth, and what tools make of it."""

    def __init__(self, name: str, takes: Iterable[Take], out: Path, count: int = 120) -> None:
        self._name, self._out = name, out
        self.numbers = range(1, count + 1)
        self.source = out / f"stab_{name}.%04d.png"
        self._truth = []
        for number, take in zip(self.numbers, takes, strict=True):
            self._truth.append(take.truth)
            write(Path(str(self.source) % number), take.damaged)
        self.damaged = self._result(self.source)

    def target(self, recipe: str) -> Path:
        """Where the result of Stabilise with these knobs is written."""
        return self._out / f"stab_{self._name}_made{recipe.replace('=', '')}.%04d.png"

    def stabilised(self, knobs: str = "") -> Result:
        """What Stabilise makes of it."""
        recipe = "stabilise" + (f":{knobs}" if knobs else "")
        render(recipe, self.source, self.target(knobs), "--input-space", SPACE)
        return self._result(self.target(knobs))

    def analysed(self, knobs: str = "") -> Result:
        """What Stabilise makes of it with a path file of the whole shot, made with these knobs."""
        path = self._out / f"stab_{self._name}.json"
        recipe = "stabilise" + (f":{knobs}" if knobs else "")
        cli = (
            sys.executable,
            "-m",
            "interneg.plugin.cli",
            "analyse",
            recipe,
            str(self.source),
            str(path),
        )
        subprocess.run([*cli, "--input-space", SPACE, "--overwrite"], check=True, stdout=subprocess.DEVNULL)
        by_file = f"stabilise:path={path}" + (f",{knobs}" if knobs else "")
        target = self.target(f"analysed{knobs}")
        render(by_file, self.source, target, "--input-space", SPACE)
        return self._result(target)

    def figures(self, result: Result) -> str:
        """Weave removed, drift, and that at the ends."""
        share, drift, ends = 100 * self.removed(result, 1), self.drift(result), self.ends(result)
        return f"{share:.1f} %, drift {drift:.2f} px, at the ends {ends:.2f} px"

    def others(self) -> Iterator[tuple[str, Result]]:
        """What FFmpeg's filters make of it, where FFmpeg is."""
        yield from self.vidstab()
        if which("ffmpeg"):
            target = self._out / f"stab_{self._name}_deshake.%04d.png"
            ffmpeg("-i", self.source, "-vf", "deshake", target)
            yield "deshake", self._result(target)

    def vidstab(self) -> Iterator[tuple[str, Result]]:
        """What FFmpeg's vidstab makes of it at each smoothing, where FFmpeg is."""
        target = self._out / f"stab_{self._name}_other.%04d.png"
        for smoothing in VIDSTAB if which("ffmpeg") else ():
            vidstab(self.source, target, smoothing)
            yield f"vidstab, smoothing {smoothing}", self._result(target)

    def removed(self, result: Result, order: int) -> float:
        """How much of the weave, or of the shake, is gone, 0..1."""
        after, before = (rms(np.diff(r.off, order, axis=0)) for r in (result, self.damaged))
        return 1 - after / before

    def drift(self, result: Result) -> float:
        """How far the path is from the true one."""
        return rms(result.off - result.off.mean(axis=0))

    def ends(self, result: Result) -> float:
        """How far the path is from the true one in the first and last 5 frames."""
        off = result.off - result.off.mean(axis=0)
        return rms(np.concatenate([off[:5], off[-5:]]))

    def straightened(self, result: Result) -> float:
        """How much of the warp is gone, 0..1."""
        after, before = (rms(np.diff(self._flow(r), axis=0)) for r in (result, self.damaged))
        return 1 - after / before

    def unbent(self, result: Result) -> float:
        """How much of the warp that no shift, turn or zoom explains is gone, 0..1; frame by frame."""
        after, before = (rms(_bends(self._flow(r))) for r in (result, self.damaged))
        return 1 - after / before

    def bent(self, result: Result) -> float:
        """By how much a result is bent against the truth, but for shift, turn and zoom, pixels rms."""
        return rms(_bends(self._flow(result)))

    def psnr(self, result: Result) -> float:
        """Of the clip against the truth, 24 pixels within its edges, dB."""
        inner = np.s_[BORDER:-BORDER, BORDER:-BORDER]
        pairs = zip(result.pictures, self._truth, strict=True)
        return float(np.mean([-20 * np.log10(rms(a[inner] - b[inner])) for a, b in pairs]))

    def _result(self, pattern: Path) -> Result:
        pictures = [read(Path(str(pattern) % n)) for n in self.numbers]
        pairs = zip(self._truth, pictures, strict=True)
        return Result(pictures, axes(rigid(_view([truth, made]), 0, 1).shift for truth, made in pairs))

    def _flow(self, result: Result) -> Image:
        """The flow from the truth to a result, (N, h, w, 2) pixels, in blocks of 32x32."""
        flows = []
        for truth, made in zip(self._truth, result.pictures, strict=True):
            field = flow(_view([truth, made]), 0, 1).field[BORDER:-BORDER, BORDER:-BORDER]
            height, width = field.shape[:2]
            flows.append(cv2.resize(field, (width // 32, height // 32), interpolation=cv2.INTER_AREA))
        return np.array(flows)


def _view(pictures: list[Image]) -> View:
    """Pictures as the frames of a window that begins at its own time."""
    frames = (p.transpose(2, 0, 1) for p in pictures)
    window = Window(tuple(Frame.of(p, colour_space=SPACE, number=n) for n, p in enumerate(frames)), 0)
    return View(window, WorkingSpace.LINEAR_RGB, Context(_COLOUR, NoEngines(), Memo(8)))


_COLOUR = Colour()


def vidstab(source: Path, target: Path, smoothing: int) -> None:
    """Write what FFmpeg's vidstab makes of a clip; both as FFmpeg names them."""
    moves = target.with_name(source.name.partition(".")[0] + ".trf")
    ffmpeg("-i", source, "-vf", f"format=yuv444p,vidstabdetect=result={moves}", "-f", "null", "-")
    options = f"input={moves}:smoothing={smoothing}:optzoom=0:interpol=bicubic"
    codec = ("-c:v", "ffv1") if target.suffix == ".mkv" else ()
    ffmpeg("-i", source, "-vf", f"format=yuv444p,vidstabtransform={options}", *codec, target)


def ffmpeg(*arguments: object) -> None:
    """Run FFmpeg, which says nothing but errors. Raises CalledProcessError."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def axes(shifts: Iterable[complex]) -> Track:
    """x and y of each, (N, 2)."""
    both = np.array(list(shifts))
    return np.stack([both.real, both.imag], -1)


def _bends(flows: Image) -> npt.NDArray[np.complex128]:
    """Of flows, (N, h, w, 2) pixels, what is left of each beside the nearest similarity, (N, h * w)."""
    moved = (flows[..., 0] + 1j * flows[..., 1]).reshape(len(flows), -1)
    y, x = np.mgrid[: flows.shape[1], : flows.shape[2]]
    terms = np.linalg.qr(np.stack([np.ones(x.size), (x + 1j * y).ravel()], 1))[0]
    return np.asarray(moved - (moved @ terms.conj()) @ terms.T)


def rms(values: npt.ArrayLike) -> float:
    """The root of the mean square, of any shape."""
    return float(np.sqrt(np.mean(np.square(np.abs(values)))))


def read(path: Path) -> Image:
    """A picture file as (H, W, 3) float32 RGB 0..1."""
    return decoded(path.read_bytes())


def write(path: Path, picture: Image) -> None:
    """Write an (H, W, 3) picture, RGB 0..1, with 8 bits."""
    cv2.imwrite(str(path), np.rint(picture[..., ::-1] * 255).astype(np.uint8))
