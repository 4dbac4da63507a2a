"""Picture quality on public test sets and on damage of known truth, through `interneg render`.

Pictures are display-referred, so they are rendered with the `texture_paint` role as input space: their own
encoding is kept. PSNR-Y is the public protocol's: BT.601 luma on 16..235, borders cropped by the scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from bench.table import Row, at_least, at_most, render
from interneg.metrics.blocking import Grid, blockiness_excess
from interneg.metrics.fidelity import luma601, psnr_y
from interneg.metrics.overshoot import step_chart

ENCODED = ("--input-space", "texture_paint")
QP = 37
DEBLOCK = 0.7
"""The level that docs give for H.264 at QP 37."""

Image = npt.NDArray[np.float32]


def rows(data: Path, out: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow."""
    if (data / "Set5").is_dir():
        yield from set5(data / "Set5", out)
        yield from joint(data / "Set5", out)
    if (data / "BSD68").is_dir():
        yield from bsd68(data / "BSD68", out)
        yield from h264(data / "BSD68", out)
    yield from step_edges(out)


def set5(folder: Path, out: Path) -> Iterator[Row]:
    """Set5 x2 and x4 from the published low-resolution files, 8-bit PNG in and out."""
    for model, goals in (("lite", (37.2, 30.9)), ("standard", (37.8, 31.9))):
        for scale, goal in zip((2, 4), goals, strict=True):
            scores = set5_scores(folder, out, model, scale)
            yield at_least(f"Set5 x{scale}, {model}, PSNR-Y", goal, float(np.mean(scores)))


def set5_scores(folder: Path, out: Path, model: str, scale: int, *options: str) -> list[float]:
    """PSNR-Y of each picture. options: further ones of `interneg render`."""
    scores = []
    for low in sorted((folder / f"LRx{scale}").iterdir()):
        high = folder / "HR" / (low.name[:8] + "SRF_2_HR.png")
        target = out / f"set5_{model}_x{scale}_{low.name}"
        render(f"denoise-sr:scale={scale},model={model},noise=0", low, target, *ENCODED, *options)
        restored = _y601(read(target))
        truth = _y601(read(high))[: restored.shape[0], : restored.shape[1]]
        scores.append(psnr_y(truth, restored, scale))
    return scores


def bsd68(folder: Path, out: Path) -> Iterator[Row]:
    """BSD68 grey, white Gaussian noise of sigma 25 that is not clipped, float TIFF in and out."""
    for model, goal in (("lite", 28.6), ("standard", 29.2)):
        scores = bsd68_scores(folder, out, model)
        yield at_least(f"BSD68 grey σ=25, {model}, PSNR", goal, float(np.mean(scores)))


def bsd68_scores(folder: Path, out: Path, model: str, *options: str) -> list[float]:
    """PSNR of each picture. options: further ones of `interneg render`."""
    truths: dict[str, list[Image]] = {"landscape": [], "portrait": []}
    for path in sorted(folder.iterdir()):
        picture = read(path)[..., :1]
        truths["landscape" if picture.shape[1] > picture.shape[0] else "portrait"].append(picture)
    noise = np.random.default_rng(25)
    for shape, pictures in truths.items():
        for number, picture in enumerate(pictures, 1):
            noisy = picture + noise.normal(0, 25 / 255, picture.shape).astype(np.float32)
            write(out / f"bsd68_{shape}.{number:04d}.tif", noisy)
    scores = []
    for shape, pictures in truths.items():
        source, target = out / f"bsd68_{shape}.%04d.tif", out / f"bsd68_{shape}_{model}.%04d.tif"
        render(f"denoise-sr:model={model},noise=25", source, target, *ENCODED, *options)
        for number, picture in enumerate(pictures, 1):
            restored = read(Path(str(target) % number))[..., :1]
            scores.append(float(10 * np.log10(1 / np.mean((np.clip(restored, 0, 1) - picture) ** 2))))
    return scores


def joint(folder: Path, out: Path) -> Iterator[Row]:
    """Denoising and doubling in one step against the same networks one after the other, luma, sigma 15."""
    together = "denoise-sr:scale=2,model={m},noise=15"
    apart = "denoise-sr:scale=1,model={m},noise=15 | denoise-sr:scale=2,model={m},noise=0"
    for model in ("lite", "standard"):
        noise, gains = np.random.default_rng(15), []
        for low in sorted((folder / "LRx2").iterdir()):
            truth = _y601(read(folder / "HR" / (low.name[:8] + "SRF_2_HR.png")))
            grey = (read(low)[..., :3] @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
            noisy = out / f"joint_{low.stem}.tif"
            write(noisy, grey + noise.normal(0, 15 / 255, grey.shape).astype(np.float32))
            scores = []
            for recipe in (together, apart):
                target = out / f"joint_{low.stem}_restored.tif"
                render(recipe.format(m=model), noisy, target, *ENCODED)
                scores.append(psnr_y(truth, _y601(read(target)), 2))
            gains.append(scores[0] - scores[1])
        yield at_least(f"joint over one after the other, σ=15 x2, {model}", 0.5, float(np.mean(gains)))


def h264(folder: Path, out: Path) -> Iterator[Row]:
    """Sixteen pictures of BSD68 as a clip of H.264 key frames at a fixed QP: blocks removed, and PSNR."""
    pictures = [read(p)[:320, :480, :1].repeat(3, axis=-1) for p in sorted(folder.iterdir())]
    clean = [p for p in pictures if p.shape[1] == 480][:16]
    coded = _coded(clean, out / "coded.mkv")
    for number, picture in enumerate(coded, 1):
        write(out / f"coded.{number:04d}.tif", picture)
    for model in ("lite", "standard"):
        target = out / f"decoded_{model}.%04d.tif"
        render(
            f"denoise-sr:model={model},noise=0,deblock={DEBLOCK}", out / "coded.%04d.tif", target, *ENCODED
        )
        before, after, gain = [], [], []
        for number, (truth, damaged) in enumerate(zip(clean, coded, strict=True), 1):
            restored = read(Path(str(target) % number))
            lumas = [luma601(p.transpose(2, 0, 1)) for p in (truth, damaged, restored)]
            before.append(blockiness_excess(lumas[0], lumas[1], Grid(8, 0, 0)))
            after.append(blockiness_excess(lumas[0], lumas[2], Grid(8, 0, 0)))
            gain.append(psnr_y(lumas[0], lumas[2]) - psnr_y(lumas[0], lumas[1]))
        removed = 100 * (1 - abs(float(np.mean(after))) / float(np.mean(before)))  # too few blocks count too
        yield at_least(f"H.264 at QP {QP}, {model}: blockiness excess removed", 90, removed, "%")
        figure = float(np.mean(gain))
        yield Row(f"H.264 at QP {QP}, {model}: PSNR-Y gain", "> 0 dB", f"{figure:+.2f} dB", figure > 0)


def step_edges(out: Path) -> Iterator[Row]:
    """Overshoot beside ideal step edges enlarged 2x, as a share of Lanczos-3's."""
    low, high = step_chart(1), step_chart(2)
    write(out / "steps.tif", low.picture[..., None])
    size = oiio.ROI(0, high.picture.shape[1], 0, high.picture.shape[0])
    source = oiio.ImageBuf(np.ascontiguousarray(low.picture[..., None]))
    lanczos = np.asarray(oiio.ImageBufAlgo.resize(source, "lanczos3", 0.0, size).get_pixels())[..., 0]
    reference = high.overshoot(lanczos)
    for model in ("lite", "standard"):
        target = out / f"steps_{model}.tif"
        render(f"denoise-sr:scale=2,model={model},noise=0", out / "steps.tif", target, *ENCODED)
        ours = high.overshoot(read(target)[..., 0])
        yield at_most(
            f"overshoot at step edges ÷ Lanczos-3's, x2, {model}, mean", 0.333, ours.mean / reference.mean
        )
        yield at_most(
            f"overshoot at step edges ÷ Lanczos-3's, x2, {model}, worst", 0.333, ours.max / reference.max
        )


def read(path: Path) -> Image:
    """(H, W, C) float32, integers as 0..1."""
    pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.FLOAT)
    return np.asarray(pixels, np.float32)


def write(path: Path, pixels: Image) -> None:
    """Write (H, W, C) float32 as float TIFF."""
    if not oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32)).write(str(path), oiio.FLOAT):
        raise OSError(oiio.geterror())


def _y601(picture: Image) -> Image:
    """BT.601 luma on 16..235 of an encoded picture, grey or RGB, rounded to 8 bit as the protocol has it."""
    eight = np.rint(np.clip(picture[..., :3], 0, 1) * 255) / 255
    if eight.shape[-1] < 3:
        eight = eight[..., :1].repeat(3, axis=-1)
    return luma601(eight.transpose(2, 0, 1)).astype(np.float32)


def _coded(pictures: list[Image], path: Path) -> list[Image]:
    """The pictures as they come back from libx264 at the fixed QP, 4:2:0, each a key frame."""
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=24, options={"qp": str(QP), "g": "1"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(np.rint(picture * 255).astype(np.uint8), format="rgb24")
            movie.mux(stream.encode(frame))
        movie.mux(stream.encode())
    with av.open(str(path)) as movie:
        return [f.to_ndarray(format="rgb24").astype(np.float32) / 255 for f in movie.decode(video=0)]
