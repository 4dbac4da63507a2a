"""A short noisy clip, drawn and restored with `interneg render`.

A street scene with a sign, bricks, foliage, clouds and a lamp brighter than white, under a slow pan. It is
seen through a soft lens, at half size, with shot noise, read noise and blotchy colour noise, and stored as
scene-linear half-float EXR (ACEScg).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from typer.testing import CliRunner

from interneg.colour import Colour
from interneg.plugin.cli.main import app

FRAMES = range(1001, 1003)
WIDTH, HEIGHT, SCALE = 480, 270, 2
GAIN_DB = 1.5

Image = npt.NDArray[np.float32]


def test_a_noisy_clip_comes_nearer_to_the_truth_than_by_cubic_enlargement(tmp_path: Path) -> None:
    for at, number in enumerate(FRAMES):
        write(tmp_path / f"plate.{number}.exr", degraded(scene(pan=6 * at), seed=number))
    clips = [str(tmp_path / name) for name in ("plate.%04d.exr", "restored.%04d.exr")]
    done = CliRunner().invoke(app, ["render", "denoise-sr:scale=2", *clips])
    assert done.exit_code == 0, done.output

    for at, number in enumerate(FRAMES):
        truth = display(scene(pan=6 * at))
        plate, restored = (read(tmp_path / f"{name}.{number}.exr") for name in ("plate", "restored"))
        enlarged = cv2.resize(plate, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
        assert psnr(display(restored), truth) > psnr(display(enlarged), truth) + GAIN_DB
        assert restored.max() > 5  # the lamp is not clipped


def scene(pan: int) -> Image:
    """One clean frame of the scene: (H, W, 3) float32 scene-linear, the lamp at 12."""
    height, width, wide = HEIGHT * SCALE, WIDTH * SCALE, WIDTH * SCALE + 48
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:height, 0:wide].astype(np.float32)
    sky = np.stack([0.18 + 0.2 * y / height, 0.32 + 0.2 * y / height, 0.62 + 0.1 * y / height], axis=-1)
    clouds = np.clip(fractal(rng, height, wide, 2.2) - 0.1, 0, 1)[..., None]
    picture = sky * (1 - 0.7 * clouds) + 0.63 * clouds
    hill = y > height * 0.55 + 40 * np.sin(x / 170) + 12 * np.sin(x / 41)
    leaves = 0.5 + 0.5 * fractal(rng, height, wide, 1.3)
    picture[hill] = (leaves[..., None] * np.array([0.07, 0.13, 0.03], np.float32) * 2)[hill]
    row = (y // 14).astype(int)
    mortar = (y % 14 < 2) | ((x + 16 * (row % 2)) % 32 < 2)
    tone = rng.uniform(0.6, 1.2, (64, 64)).astype(np.float32)
    brick = tone[row % 64, ((x + 16 * (row % 2)) // 32).astype(int) % 64, None]
    wall = np.where(mortar[..., None], 0.35, brick * np.array([0.32, 0.13, 0.09], np.float32))
    wall = wall * (0.85 + 0.15 * fractal(rng, height, wide, 1.0)[..., None])
    house = (x > 0.42 * wide) & (y > 0.3 * height)
    picture[house] = wall[house]
    box, ink, text = cv2.rectangle, cv2.line, cv2.putText
    sign, plain = cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SIMPLEX
    paint(picture, (0.02, 0.05, 0.16), box, (470, 210), (900, 300), thickness=-1)
    paint(picture, (0.8, 0.75, 0.5), text, "INTERNEG 1906", (486, 270), sign, 1.6, thickness=3)
    for i, size in enumerate((0.9, 0.7, 0.5, 0.4)):
        paint(picture, (0.8, 0.8, 0.8), text, "fine print stays legible", (490, 330 + 30 * i), plain, size)
    for i in range(14):
        paint(picture, (0.6, 0.6, 0.6), ink, (60 + 14 * i, 500), (200 + 9 * i, 130))
    for i, colour in enumerate(((0.4, 0.03, 0.03), (0.03, 0.3, 0.05), (0.03, 0.06, 0.4), (0.5, 0.4, 0.03))):
        paint(picture, colour, box, (500 + 90 * i, 450), (570 + 90 * i, 520), thickness=-1)
    paint(picture, (12, 10, 7), cv2.circle, (360, 120), 16, thickness=-1)
    return np.ascontiguousarray(picture[:, pan : pan + width], np.float32)


def paint(picture: Image, colour: tuple[float, float, float], draw: Any, *shape: Any, **style: Any) -> None:
    """Lay one of OpenCV's anti-aliased shapes over the picture, in scene-linear light."""
    cover = np.zeros(picture.shape[:2], np.uint8)
    draw(cover, *shape, color=255, lineType=cv2.LINE_AA, **style)
    amount = cover[..., None] / np.float32(255)
    picture += amount * (np.array(colour, np.float32) - picture)


def fractal(rng: np.random.Generator, height: int, width: int, slope: float) -> Image:
    """Noise with a 1/f^slope spectrum, (H, W) float32 within -1..1."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    radius = np.maximum(np.hypot(rows, columns), 1 / max(height, width))
    spectrum = np.fft.rfft2(rng.normal(size=(height, width))) / radius**slope
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return np.clip(noise / (2.5 * noise.std()), -1, 1).astype(np.float32)


def degraded(truth: Image, seed: int) -> Image:
    """The scene as a noisy camera at half size sees it."""
    rng = np.random.default_rng(seed)
    small = cv2.resize(cv2.GaussianBlur(truth, (0, 0), 0.7), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    blotches = cv2.GaussianBlur(rng.normal(size=small.shape).astype(np.float32), (0, 0), 1.5)
    noise = (
        rng.normal(size=small.shape) * np.sqrt(0.004 * np.maximum(small, 0) + 0.00006)
        + 0.06 * small * blotches
    )
    return (small + noise).astype(np.float32)


def write(path: Path, picture: Image) -> None:
    """Write a scene-linear ACEScg picture as half-float EXR."""
    spec = oiio.ImageSpec(picture.shape[1], picture.shape[0], 3, "half")
    spec.attribute("compression", "zip")
    spec.attribute("oiio:ColorSpace", "ACEScg")
    file = oiio.ImageOutput.create(str(path))
    assert file
    if not (file and file.open(str(path), spec) and file.write_image(picture) and file.close()):
        raise OSError(f"{path} could not be written: {oiio.geterror()}")


def read(path: Path) -> Image:
    """The pixels of an EXR, (H, W, 3) float32."""
    return np.asarray(oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT), np.float32)


def display(picture: Image) -> Image:
    """Scene-linear ACEScg as a display shows it, 0..1."""
    show = Colour().transform("ACEScg", "sRGB Encoded Rec.709 (sRGB)")
    planes = show(np.ascontiguousarray(picture.transpose(2, 0, 1)))
    return np.asarray(np.clip(planes, 0, 1).transpose(1, 2, 0), np.float32)


def psnr(one: Image, other: Image) -> float:
    return float(-10 * np.log10(np.square(one - other).mean()))
