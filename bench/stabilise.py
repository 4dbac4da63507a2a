"""Stabilise on clips of known weave and warp, side by side with FFmpeg's vidstab and deshake in the same run.

Clips are 640x480, 120 frames, 8-bit PNG, filmed from a still (bench/damage.py); bench/shaken.py says what the
figures are.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from shutil import which

import av
import cv2
import numpy as np

from bench import damage
from bench.damage import Image, Track
from bench.shaken import SPACE, VIDSTAB, Shot, axes, read, rms, steps, vidstab, write
from bench.table import Row, at_least, at_most, render

COUNT = 120
FILMS = "market_street_1906", "great_train_robbery_1903"


def rows(data: Path, out: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow: data/train/stills_00.tar and data/footage."""
    stills, footage = data / "train" / "stills_00.tar", data / "footage"
    if stills.is_file():
        still, animals = damage.still(stills), damage.animals(stills)
        yield from pan(still, out)
        yield from short(still, out)
        yield locked(still, out)
        yield from hand_held(still, animals, out)
        yield from bent(still, out)
        yield from speed(still, out)
    else:
        yield Row("weave, warp and speed of Stabilise", "", f"no {stills.name}", None)
    for folder in FILMS:
        if (footage / folder).is_dir():
            yield film(footage / folder, out)
        else:
            yield Row(f"{folder}, second difference of the path", "", f"no {folder}", None)


def pan(still: Image, out: Path) -> Iterator[Row]:
    """2 px and 0.12 degrees of weave on a pan that starts and ends at rest; and weave that is slower."""
    clip = Shot("pan", damage.shoot(still, damage.pan(COUNT), damage.weave(COUNT)), out)
    ours = clip.stabilised()
    yield at_least("weave on a pan, removed from frame to frame", 95, 100 * clip.removed(ours, 1), "%")
    yield at_most("weave on a pan, drift from the true path", 0.7, clip.drift(ours), "px rms")
    yield at_least("weave on a pan, PSNR over the input", 5, clip.psnr(ours) - clip.psnr(clip.damaged))
    yield Row("weave on a pan, drift at the ends", "", f"{clip.ends(ours):.2f} px rms", None)
    yield Row("weave on a pan, with an analysis", "", clip.figures(clip.analysed()), None)
    for name, result in clip.others():
        figure = f"{100 * clip.removed(result, 1):.0f} %, drift {clip.drift(result):.2f} px"
        gain = clip.psnr(result) - clip.psnr(clip.damaged)
        yield Row(f"weave on a pan, {name}", "", f"{figure}, PSNR {gain:+.1f} dB", None)
    yield chunks(clip, out)
    slow = Shot("slow", damage.shoot(still, damage.pan(COUNT), damage.weave(COUNT, memory=2.0)), out)
    for smoothing in (15, 30):
        ours = slow.stabilised(f"smoothing={smoothing}")
        figure = f"{100 * slow.removed(ours, 1):.0f} %, drift {slow.drift(ours):.2f} px"
        name = f"slower weave (correlated over 2 frames) on a pan, smoothing {smoothing}"
        yield Row(name, "", figure, None)


def short(still: Image, out: Path) -> Iterator[Row]:
    """The same weave on a pan of 180 px in 40 frames, from rest to rest, three times; mean and worst."""
    figures: dict[str, list[list[float]]] = defaultdict(list)
    for seed in (1, 2, 3):
        takes = damage.shoot(still, damage.pan(40, 180), damage.weave(40, seed=seed))
        clip = Shot(f"short{seed}", takes, out, 40)
        results = {"window": clip.stabilised(), "with an analysis": clip.analysed()}
        results |= {name: r for name, r in clip.others() if "10" not in name and "30" not in name}
        for name, result in results.items():
            gain = clip.psnr(result) - clip.psnr(clip.damaged)
            figures[name].append([100 * clip.removed(result, 1), clip.drift(result), clip.ends(result), gain])
    for name, of in figures.items():
        (share, drift, ends, gain), least, most = np.mean(of, 0), np.min(of, 0), np.max(of, 0)
        figure = f"{share:.0f} % (worst {least[0]:.0f}), drift {drift:.2f} px ({most[1]:.2f}), "
        figure += f"at the ends {ends:.2f} px ({most[2]:.2f}), PSNR {gain:+.1f} dB ({least[3]:+.1f})"
        yield Row(f"weave on a pan of 40 frames, {name}", "", figure, None)


def locked(still: Image, out: Path) -> Row:
    """The same weave before a camera that stands."""
    clip = Shot("locked", damage.shoot(still, np.zeros((COUNT, 3)), damage.weave(COUNT)), out)
    ours = clip.stabilised()
    figure = f"{clip.figures(ours)}; with an analysis {clip.figures(clip.analysed())}"
    return Row("weave, the camera stands", "", figure, None)


def hand_held(still: Image, animals: list[Image], out: Path) -> Iterator[Row]:
    """The same weave on a hand-held scene with walkers that cover a quarter of it."""
    takes = damage.shoot(still, damage.hand_held(COUNT), damage.weave(COUNT), animals=animals)
    clip = Shot("hand", takes, out)
    ours = clip.stabilised()
    shake = 100 * clip.removed(ours, 2)
    yield at_least("weave, hand-held with walkers, second difference removed", 95, shake, "%")
    yield at_most("weave, hand-held with walkers, drift", 1.5, clip.drift(ours), "px rms")
    yield Row("weave, hand-held with walkers, drift at the ends", "", f"{clip.ends(ours):.2f} px rms", None)
    whole, what = clip.analysed(), "weave, hand-held with walkers, with an analysis"
    yield at_least(f"{what}, second difference removed", 97, 100 * clip.removed(whole, 2), "%")
    yield at_most(f"{what}, drift", 0.8, clip.drift(whole), "px rms")
    yield Row(what, "", clip.figures(whole), None)
    for name, result in clip.others():
        figure = f"{100 * clip.removed(result, 2):.0f} %, drift {clip.drift(result):.2f} px"
        yield Row(f"weave, hand-held with walkers, {name}", "", figure, None)


def bent(still: Image, out: Path) -> Iterator[Row]:
    """A smooth warp of 1 px per frame on the pan, without weave."""
    none: Track = np.zeros((COUNT, 3))
    clip = Shot("bent", damage.shoot(still, damage.pan(COUNT), none, damage.warp(COUNT)), out)
    ours = clip.stabilised("warp=1")
    yield at_least("1 px of warp per frame, removed", 75, 100 * clip.straightened(ours), "%")
    for name, result in islice(clip.others(), 1, 2):
        yield Row(f"1 px of warp per frame, {name}", "", f"{100 * clip.straightened(result):.0f} %", None)


def chunks(clip: Shot, out: Path) -> Row:
    """The clip in chunks of 10 frames on 3 processes at a time, against the one run before."""
    target = out / "stab_pan_chunks.%04d.png"
    parts = [f"{first}-{first + 9}" for first in range(1, COUNT, 10)]
    cli = (sys.executable, "-m", "interneg.plugin.cli", "render", "stabilise")
    command = (*cli, str(clip.source), str(target), "--input-space", SPACE)
    for k in range(0, len(parts), 3):
        running = [
            subprocess.Popen([*command, "--overwrite", "--frames", part], stdout=subprocess.DEVNULL)
            for part in parts[k : k + 3]
        ]
        if any(child.wait() for child in running):
            raise RuntimeError("a chunk failed")
    whole = clip.target("")
    same = all(np.array_equal(read(Path(str(whole) % n)), read(Path(str(target) % n))) for n in clip.numbers)
    return Row("chunks of 10 frames on 3 processes against one run", "bit-identical", str(same), same)


def speed(still: Image, out: Path) -> Iterator[Row]:
    """24 frames of 1080p FFV1 in and out, whole commands, against vidstab's two passes on all cores."""
    if not which("ffmpeg"):
        yield Row("1080p, Stabilise over vidstab, time", "", "no ffmpeg here", None)
        return
    source = out / "stab_hd.mkv"
    large = cv2.resize(still, None, fx=2.4, fy=2.4, interpolation=cv2.INTER_CUBIC)
    with av.open(str(source), "w") as movie:
        stream = movie.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv444p"
        for x, y, _ in 100 + 2 * damage.weave(24):
            at = (np.array([[1, 0, -x], [0, 1, -y]], np.float32), (1920, 1080))
            picture = np.rint(np.clip(cv2.warpAffine(large, *at), 0, 1) * 255).astype(np.uint8)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        movie.mux(stream.encode())

    def ours() -> None:
        render("stabilise", source, out / "stab_hd_made.mkv", "--input-space", SPACE)

    def theirs() -> None:
        vidstab(source, out / "stab_hd_vidstab.mkv", VIDSTAB[1])

    rounds = [(_seconds(ours), _seconds(theirs)) for _ in range(2)]
    best, other = (min(times) for times in zip(*rounds, strict=True))
    yield Row("1080p, time of Stabilise over that of vidstab", "", f"{best / other:.1f} times", None)


def film(folder: Path, out: Path) -> Row:
    """A real scan: the rms second difference of its global path, pixels, before and after.

    Writes stab_<film>.png beside: the column in the middle over time, before and after:
    see docs/pictures/stabilise.png.
    """
    frames = sorted(folder.glob("*.png"))
    target = out / f"stab_{folder.name}" / "%05d.png"
    render("stabilise:warp=1", folder / "%05d.png", target, "--input-space", SPACE)
    shakes, slices = [], []
    for paths in (frames, [Path(str(target) % int(p.stem)) for p in frames]):
        pictures = [read(p) for p in paths]
        slices.append(np.stack([p[:, p.shape[1] // 2] for p in pictures], 1).repeat(8, axis=1)[:, :480])
        shakes.append(rms(np.diff(axes(steps(pictures)), axis=0)))
    write(out / f"stab_{folder.name}.png", np.hstack(slices))
    figure = f"{shakes[0]:.2f} to {shakes[1]:.3f} px"
    return Row(f"{folder.name}, second difference of the path", "", figure, None)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
