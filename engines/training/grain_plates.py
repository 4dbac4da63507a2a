"""Small plates of simulated film grain and of digital noise, to train and test the classifier of grain.

A plate is two frames of (3 or 1, H, W) float32, encoded as video or in a log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from interneg.frame import Pixels
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import GATES, NAMES, stock
from interneg.io.recompression import through_jpeg, through_video

HEIGHT, WIDTH = 288, 384
HELD_STOCKS = ("colour-200", "bw-500", "colour-500-pushed")
HELD_NOISE = ("bilinear", "nlmeans", "mpeg4")
"""What the classifier is tested on and never trained on: three stocks, a demosaicing, a denoiser, a codec."""

Rng = np.random.Generator
Frames = list[Pixels]
_FRAMES = 2


@dataclass(frozen=True, eq=False)
class Plate:
    """frames: neighbours. what: how they were made. film: whether the grain is that of film."""

    frames: Frames
    what: str
    film: bool


def plate(rng: Rng, stills: list[Pixels], held: bool) -> Plate:
    """One plate at random. stills: (3, H, W) clean pictures, 0..1. held: of what is kept for testing."""
    clean = _picture(rng, stills)
    log = rng.random() < 0.4
    film = rng.random() < 0.5
    made, what = (_film if film else _digital)(rng, clean, log, held)
    grey = rng.random()
    if grey < 0.15:
        made = [m[1:2] if film else _luma(m)[None] for m in made]
    elif grey < 0.25 and not film:  # film has its black-and-white stocks
        made = [np.repeat(_luma(m)[None], 3, 0) for m in made]
    what += ", grey" * (grey < (0.15 if film else 0.25))
    steps = float(rng.choice([255, 1023, 4095]))
    return Plate([np.asarray(np.rint(m * steps) / steps, np.float32) for m in made], what, film)


def _picture(rng: Rng, stills: list[Pixels]) -> Pixels:
    """A soft picture with a slope: levels of all kinds, little texture, some of it sharp."""
    still = stills[int(rng.integers(len(stills)))]
    large = np.stack([cv2.resize(p, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) for p in still])
    soft = np.stack([cv2.GaussianBlur(p, (0, 0), float(rng.uniform(1.5, 6))) for p in large])
    low, high = sorted(rng.uniform(0.02, 0.98, 2))
    slope = np.linspace(low, high, WIDTH)[None, None] + np.zeros((3, HEIGHT, 1))
    share = rng.uniform(0.2, 0.8)
    return np.asarray(np.clip(share * soft + (1 - share) * slope, 0, 1), np.float32)


def _film(rng: Rng, clean: Pixels, log: bool, held: bool) -> tuple[Frames, str]:
    """Grain of a stock as a scanner sees it."""
    names = [n for n in NAMES if (n in HELD_STOCKS) == held]
    name, gate = str(rng.choice(names)), str(rng.choice(list(GATES)))
    seen = stock(name, gate)
    pixels = int(rng.choice([1920, 2048, 3840, 4096]))
    seen = at_pitch(seen, seen.width / pixels).coloured()
    blur = float(rng.uniform(0.1, 0.75))
    sharpened = float(rng.choice([0, rng.uniform(0, 0.6)]))
    radii = _radii()
    transfer = np.exp(-2 * np.square(np.pi * blur * radii))
    transfer *= 1 + sharpened * (1 - np.exp(-np.square(radii / 0.2)))
    crosstalk = float(rng.uniform(0, 0.25))
    slope = 1.0 if log else float(rng.uniform(1.2, 2.2))
    gain = float(rng.uniform(0.6, 1.5)) * slope
    gains = 1 + rng.normal(0, 0.12, 3)
    monochrome = name.startswith("bw")
    frames = []
    for _ in range(_FRAMES):
        white = np.linalg.cholesky(seen.correlation + 1e-4 * np.eye(3)) @ rng.normal(size=(3, HEIGHT * WIDTH))
        white = white.reshape(clean.shape)
        if monochrome:
            white[:] = white[1:2]
        grain = np.empty_like(clean)
        for c in range(3):
            power = np.interp(radii, *seen.per_pixel(c, 96))
            grain[c] = np.fft.irfft2(np.fft.rfft2(white[c]) * np.sqrt(power) * transfer, s=(HEIGHT, WIDTH))
        if not monochrome:
            grain += crosstalk * (grain.mean(0) - grain)
        # A print shows the negative's densities the other way round, and so does a scan that was inverted.
        codes = 0.1 + 0.6 * (clean if log or rng.random() < 0.8 else 1 - clean)
        for c in range(3):
            grain[c] *= gain * gains[c] * np.interp(codes[c], seen.levels[c], seen.sigmas[c])
        frames.append(clean + grain)
    if monochrome:
        frames = [f - clean + clean.mean(0) for f in frames]
    return frames, f"{name}, {gate}, {pixels}"


def _digital(rng: Rng, clean: Pixels, log: bool, held: bool) -> tuple[Frames, str]:
    """Noise of a sensor, and what a camera makes of it."""
    light = np.power(10, 3.5 * (clean - 0.72)) if log else np.power(clean, 2.2)
    shot, read = 10 ** rng.uniform(-4.3, -2.6), 10 ** rng.uniform(-3.2, -1.9)
    gains = np.array([rng.uniform(1, 2.2), 1.0, rng.uniform(1, 2.4)])[:, None, None]
    still = np.zeros(clean.shape)
    fixed = rng.random() < 0.3
    if fixed:
        rows = rng.random() < 0.5
        still = rng.normal(size=(3, HEIGHT, 1) if rows else clean.shape) * read * rng.uniform(0.3, 1)
    way = str(rng.choice(["bilinear", "mpeg4", "nlmeans"] if held else ["plain", "vng", "edges", "plain"]))
    demosaic = way if way in ("bilinear", "vng", "edges") else str(rng.choice(["none", "vng", "edges"]))
    matrix = np.eye(3) + rng.uniform(0, 0.35) * (np.eye(3) - 1 / 3)
    frames: Frames = []
    for _ in range(_FRAMES):
        sensor = light / gains
        noise = np.sqrt(shot * sensor + read**2) * rng.normal(size=clean.shape) + still
        raw = (sensor + noise) * gains
        if demosaic != "none":
            raw = _demosaiced(raw, gains, demosaic)
        raw = np.einsum("cd,dhw->chw", matrix, raw - light) + light
        coded = np.log10(np.maximum(raw, 3e-4)) / 3.5 + 0.72 if log else np.power(np.maximum(raw, 0), 1 / 2.2)
        frames.append(np.asarray(np.clip(coded, -0.1, 1.1), np.float32))
    frames, after = _processed(rng, frames, way)
    return frames, f"{demosaic}{', fixed pattern' if fixed else ''}{after}"


def _processed(rng: Rng, frames: Frames, way: str) -> tuple[Frames, str]:
    """What cameras and codecs do to noise."""
    steps: list[tuple[str, Callable[[Frames], Frames]]] = []
    if rng.random() < 0.4:
        spread = float(rng.uniform(1, 4))
        steps.append(("chroma smoothed", lambda fs: [_chroma_smoothed(f, spread) for f in fs]))
    if rng.random() < 0.3 or way == "nlmeans":
        kept = float(rng.uniform(0.1, 0.6))
        method = "nlmeans" if way == "nlmeans" else str(rng.choice(["bilateral", "median", "gaussian"]))
        steps.append((method, lambda fs: [_denoised(f, method, kept) for f in fs]))
    if rng.random() < 0.35:
        size = float(rng.choice([0.5, 0.667, 1.25, 1.5]))
        steps.append((f"resized {size:g}", lambda fs: [_resized(f, size) for f in fs]))
    if rng.random() < 0.4 or way == "mpeg4":
        codec = "mpeg4" if way == "mpeg4" else str(rng.choice(["libx264", "jpeg"]))
        quality = float(rng.random())
        steps.append((codec, lambda fs: _coded(fs, codec, quality)))
    for _, step in steps:
        frames = step(frames)
    return frames, "".join(f", {name}" for name, _ in steps)


def _radii() -> Pixels:
    return np.asarray(np.hypot(np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)[None]), np.float64)


def _demosaiced(light: Pixels, gains: Pixels, method: str) -> Pixels:
    """Through a Bayer mosaic in 16 bits, white balance after."""
    sensor = np.clip(0.1 + 0.4 * light / gains, 0, 1) * 65535
    mosaic = sensor[1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = sensor[0, ::2, ::2], sensor[2, 1::2, 1::2]
    if method == "vng":  # 8 bits only; dithered, so that steps do not show
        code = cv2.COLOR_BayerRG2RGB_VNG
        dither = np.random.default_rng(0).random(mosaic.shape)
        made = cv2.cvtColor(np.uint8(np.clip(mosaic / 257 + dither, 0, 255)), code).astype(np.float64) * 257
    else:
        code = cv2.COLOR_BayerRG2RGB_EA if method == "edges" else cv2.COLOR_BayerRG2RGB
        made = cv2.cvtColor(np.uint16(mosaic), code).astype(np.float64)
    return np.asarray((made.transpose(2, 0, 1) / 65535 - 0.1) / 0.4 * gains)


def _chroma_smoothed(frame: Pixels, spread: float) -> Pixels:
    luma = _luma(frame)
    return np.stack([luma + cv2.GaussianBlur(p - luma, (0, 0), spread) for p in frame])


def _luma(frame: Pixels) -> Pixels:
    return np.asarray(np.tensordot(np.array([0.299, 0.587, 0.114]), frame, 1), np.float32)


def _denoised(frame: Pixels, method: str, kept: float) -> Pixels:
    """Partly denoised, as cameras do it."""
    picture = np.ascontiguousarray(frame.transpose(1, 2, 0), np.float32)
    if method == "nlmeans":
        codes = np.uint8(np.rint(np.clip(picture, 0, 1) * 255))
        made = cv2.fastNlMeansDenoisingColored(codes, None, 6, 6, 5, 11).astype(np.float32) / 255
    elif method == "bilateral":
        made = cv2.bilateralFilter(picture, 7, 0.08, 2.0)
    elif method == "median":
        made = cv2.medianBlur(picture, 3)
    else:
        made = cv2.GaussianBlur(picture, (0, 0), 1.5)
    return np.asarray((made + kept * (picture - made)).transpose(2, 0, 1), np.float32)


def _resized(frame: Pixels, size: float) -> Pixels:
    """Reduced, and tiled by its mirror image to the size of a plate; or enlarged, and cropped to it."""
    way = cv2.INTER_AREA if size < 1 else cv2.INTER_CUBIC
    made = cv2.resize(frame.transpose(1, 2, 0), None, fx=size, fy=size, interpolation=way)
    below, right = max(0, HEIGHT - made.shape[0]), max(0, WIDTH - made.shape[1])
    made = cv2.copyMakeBorder(made, 0, below, 0, right, cv2.BORDER_REFLECT)[:HEIGHT, :WIDTH]
    return np.ascontiguousarray(made.transpose(2, 0, 1))


def _coded(frames: Frames, codec: str, quality: float) -> Frames:
    """Through a codec: JPEG of quality 70 to 96, H.264 of CRF 16 to 30, MPEG-4 of a quantiser of 2 to 9."""
    codes = [np.rint(np.clip(f.transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8) for f in frames]
    if codec == "jpeg":
        return [_planes(through_jpeg(c, int(70 + 26 * quality), halved=True)) for c in codes]
    # The frame before makes the first one a predicted frame, too.
    shown = [np.ascontiguousarray(c) for c in (codes[0], *codes)]
    if codec == "libx264":
        decoded = through_video(shown, codec, {"crf": f"{30 - 14 * quality:.0f}"}, group=12)
    else:
        decoded = through_video(shown, codec, {}, group=12, qscale=round(9 - 7 * quality))
    return [_planes(d) for d in decoded[1:]]


def _planes(codes: npt.NDArray[np.uint8]) -> Pixels:
    return np.asarray(codes.transpose(2, 0, 1) / 255, np.float32, order="C")
