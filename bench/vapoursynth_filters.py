"""Filters of VapourSynth, which need Python 3.12 of their own: `make peers` installs them in .peers.

    .peers/bin/python bench/vapoursynth_filters.py FILTER IN.npy OUT.npy [NUMBER]

IN.npy: (N, H, W, 3) float32, R, G, B of 0..1 for display. OUT.npy: as many frames, filtered. Prints the
processor seconds of a frame. Nothing of Interneg is imported here, nor is this by the nodes.

median: the median of a frame and its neighbours, brought onto it by mvtools. descratch: DeScratch with its
defaults, on luma. vbm3d: V-BM3D over five frames, NUMBER its sigma in 8-bit codes.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np


def clip_of(vs: Any, pictures: Any) -> Any:
    """The frames as a clip of R, G, B in float."""
    count, height, width, _ = pictures.shape
    blank = vs.core.std.BlankClip(format=vs.RGBS, width=width, height=height, length=count, fpsnum=24)

    def fill(n: int, f: Any) -> Any:
        frame = f.copy()
        for plane in range(3):
            np.copyto(np.asarray(frame[plane]), pictures[n, ..., plane])
        return frame

    return blank.std.ModifyFrame(blank, fill)


def median(vs: Any, clip: Any, _: float) -> Any:
    """Blocks of 8 pixels that overlap by half, to a quarter of a pixel, in 16 bits."""
    video = clip.resize.Bicubic(format=vs.YUV444P16, matrix_s="709")
    pyramid = video.mv.Super(pel=4)
    near = []
    for backward in (True, False):
        vectors = pyramid.mv.Analyse(isb=backward, blksize=8, overlap=4)
        near.append(video.mv.Compensate(pyramid, vectors, thscd1=10000))
    three = vs.core.std.Interleave([near[0], video, near[1]])
    return three.zsmooth.TemporalMedian(radius=1).std.SelectEvery(3, 1)


def descratch(vs: Any, clip: Any, _: float) -> Any:
    """Its defaults, which are for luma of 8 bits."""
    return clip.resize.Bicubic(format=vs.YUV444P8, matrix_s="709").descratch.DeScratch()


def vbm3d(vs: Any, clip: Any, sigma: float) -> Any:
    """Both steps, over two frames on each side, in opponent colours."""
    opponent = clip.bm3d.RGB2OPP(sample=1)
    sigmas = [sigma] * 3
    basic = opponent.bm3d.VBasic(sigma=sigmas, radius=2, matrix=100).bm3d.VAggregate(radius=2, sample=1)
    final = opponent.bm3d.VFinal(basic, sigma=sigmas, radius=2, matrix=100).bm3d.VAggregate(
        radius=2, sample=1
    )
    return final.bm3d.OPP2RGB(sample=1)


FILTERS: dict[str, Callable[[Any, Any, float], Any]] = {
    "median": median,
    "descratch": descratch,
    "vbm3d": vbm3d,
}


def main(name: str, source: str, target: str, number: str = "0") -> None:
    """Filter the frames of a file into another."""
    vs = importlib.import_module("vapoursynth")
    pictures = np.load(source)
    made = FILTERS[name](vs, clip_of(vs, pictures), float(number))
    if made.format.color_family != vs.RGB:
        made = made.resize.Bicubic(format=vs.RGBS, matrix_in_s="709")
    began = time.process_time()
    frames = [np.dstack([np.asarray(f[p]) for p in range(3)]) for f in made.frames()]
    print((time.process_time() - began) / len(frames))
    np.save(target, np.stack(frames))


if __name__ == "__main__":
    main(*sys.argv[1:])
