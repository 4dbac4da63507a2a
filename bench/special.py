"""What `interneg train` wins back on footage that lite has not seen, in so many minutes on this machine.

For each kind: eight clips of ten frames to train on, three other ones to measure. lite is at the best of its
settings for each. What it lost is counted in two ways, in dB that it gains over the damaged frames: against
three filmed clips by daylight, damaged alike; and against the same frames with as strong a damage that it
knows well, white noise. Of the filmed clips three make those to train on, three others what is measured.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from bench.special_footage import KINDS, SIDE, Codes, Kind, Picture, coded
from bench.table import Row, at_least
from interneg.colour import Colour
from interneg.colour.working import to_luma
from interneg.engines.source import Engines
from interneg.frame import Pixels
from interneg.io.image_reader import read_rgb8
from interneg.plugin.tuning.frames import Both
from interneg.plugin.tuning.judge import HeldFrames

SPACE = "sRGB Encoded Rec.709 (sRGB)"
TRAINED, MEASURED = ("goat", "libby", "dance-twirl"), ("horsejump-high", "paragliding-launch", "soapbox")
FRAMES, CLIPS = 10, 8


def rows(footage: Path, out: Path, minutes: float) -> Iterator[Row]:
    """Train and measure each kind. footage: the folder of filmed clips, each one of JPEG frames."""
    for kind in KINDS:
        yield from _kind(kind, footage, out / "special", minutes)


def _kind(kind: Kind, footage: Path, out: Path, minutes: float) -> Iterator[Row]:
    name = kind.name.lower().replace(" ", "-")
    place = out / name
    shutil.rmtree(place, ignore_errors=True)
    pairs = []
    for number in range(CLIPS):
        filmed = _filmed(footage / TRAINED[number % len(TRAINED)], number)
        clean = kind.clip(number, filmed)
        pairs.append((_stored(place / f"clean{number}", [coded(f) for f in clean]),
                      _stored(place / f"damaged{number}", kind.damage(clean, number))))  # fmt: skip
    words = [w for clean_, damaged in pairs for w in ("--clean", clean_, "--damaged", damaged)]
    models = place / "models"
    models.mkdir(parents=True)
    command = [sys.executable, "-m", "interneg.plugin.cli", "train", *words, "--name", name]
    environment = {**os.environ, "INTERNEG_MODELS": str(models)}
    done = subprocess.run(
        [*command, "--minutes", f"{minutes:g}", "--input-space", SPACE],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    (place / "train.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    colour, engines = Colour(), Engines(folders=[models])
    special, ordinary, noisy = [], [], []
    for number, clip in enumerate(MEASURED, 100):
        filmed = _filmed(footage / clip, number)
        clean = kind.clip(number, filmed)
        damaged = kind.damage(clean, number)
        special += _both(clean, damaged)
        noisy += _both(clean, _with_noise(clean, damaged))
        ordinary += _both(filmed, kind.damage(filmed, number))
    held = HeldFrames(special, 1, colour)
    plain, lite = _gain(held, engines)
    made = held.restored(engines, {"model": name})
    what = f"{kind.name}, {minutes:g} minutes"
    yield Row(f"{what}: PSNR damaged / lite at its best settings / trained", "",
              f"{plain:.2f} / {plain + lite:.2f} / {made:.2f} dB", None)  # fmt: skip
    ends = re.findall(r"held-out PSNR, .*: ([\d.]+) dB", done.stdout)
    yield Row(f"{what}: the same of the ends of the clips it was trained on, as `interneg train` prints", "",
              f"{' / '.join(ends)} dB", None)  # fmt: skip
    for words_, frames in (("daylight damaged alike", ordinary), ("white noise as strong", noisy)):
        usual = _gain(HeldFrames(frames, 1, colour), engines)[1]
        yield Row(f"{what}: gained by lite, {words_} / here", "", f"{usual:.2f} / {lite:.2f} dB", None)
        back = f"{what}: of what lite lost against {words_}, won back"
        if usual <= lite:
            yield Row(back, "≥ 50 %", "nothing was lost", None)
        else:
            yield at_least(back, 50, 100 * (made - plain - lite) / (usual - lite), "%")


def _gain(held: HeldFrames, engines: Engines) -> tuple[float, float]:
    """PSNR of damaged frames, and what lite at its best settings adds to it, in dB."""
    plain = held.plain()
    return plain, held.restored(engines, held.best(engines, "lite")) - plain


def _with_noise(clean: list[Picture], damaged: list[Codes]) -> list[Codes]:
    """Frames with white noise by which they are as far off as damaged ones; grey ones stay grey."""
    dice, found = np.random.default_rng(5), []
    for frame, other in zip(clean, damaged, strict=True):
        off = float(np.sqrt(np.mean((coded(frame) - other.astype(np.float32)) ** 2))) / 255
        grey = bool((frame == frame[..., :1]).all())
        noise = dice.standard_normal(frame[..., :1].shape if grey else frame.shape, np.float32)
        found.append(coded(frame + np.float32(off) * noise))
    return found


def _filmed(folder: Path, number: int) -> list[Picture]:
    """Ten frames of a clip, reduced and cut to a square; of each number others."""
    paths = sorted(folder.iterdir())
    first = (number * 13) % max(1, len(paths) - FRAMES)
    found = []
    for path in paths[first : first + FRAMES]:
        picture = np.asarray(read_rgb8(path), np.float32) / 255
        height, width = picture.shape[:2]
        size = (round(width * 300 / height), 300)  # so that the JPEGs' own damage is hardly seen
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        left = (number * 37) % (size[0] - SIDE)
        found.append(np.ascontiguousarray(small[22 : 22 + SIDE, left : left + SIDE]))
    return found


def _stored(folder: Path, frames: list[Codes]) -> str:
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, 1):
        cv2.imwrite(str(folder / f"frame.{number:04d}.png"), frame[..., ::-1])
    return str(folder / "frame.%04d.png")


def _both(clean: list[Picture], damaged: list[Codes]) -> list[Both]:
    """Every third frame, as pairs."""
    return [Both(_planes(coded(c)), _planes(d), SPACE) for c, d in zip(clean[::3], damaged[::3], strict=True)]


def _planes(codes: Codes) -> Pixels:
    """Y, Cb, Cr of a frame, as LOG_Y has them of video."""
    planes = np.ascontiguousarray(codes.transpose(2, 0, 1), np.float32) / np.float32(255)
    to_luma(planes)
    if np.abs(planes[1:]).max() < 1e-6:
        planes[1:] = 0
    return planes
