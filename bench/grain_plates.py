"""Plates with grain of known truth, and what is rendered and measured of them in memory."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from bench.dirt import load
from bench.grain_truth import truth_of
from interneg.errors import InputError
from interneg.frame import Box, Frame, Pixels, Window
from interneg.grain.encoding import from_codes
from interneg.grain.measure import measure, profile_of
from interneg.grain.profile import GrainProfile
from interneg.grain.scale import at_pitch
from interneg.grain.stocks import stock
from interneg.memo import Memo
from interneg.node import Context, Node

FRAMES, ACROSS = 5, 2048


@dataclass(frozen=True, eq=False)
class Plate:
    """A clip without and with grain, (C, H, W) each in the space of `Bench`, and the grain's truth."""

    name: str
    clean: list[Pixels]
    grainy: list[Pixels]
    grain: GrainProfile
    levels: Pixels
    sigmas: Pixels

    @property
    def middle(self) -> int:
        """The frame that is looked at."""
        return len(self.clean) // 2

    def evened(self, grain: Pixels) -> Pixels:
        """Grain on the middle frame, over the deviation that the truth has there."""
        clean = self.clean[self.middle]
        sigma = [np.interp(p, x, y) for p, x, y in zip(clean, self.levels, self.sigmas, strict=True)]
        return np.asarray(grain / np.maximum(sigma, 1e-6), np.float32)


@dataclass(frozen=True)
class Bench:
    """Renders frames of video in memory."""

    context: Context
    space: str

    def filmed(self, clip: Path, name: str, gate: str, seed: int, start: int, soft: float) -> Plate:
        """A clip with the grain of a stock. soft: by how much the clip is softened before, in pixels."""
        clean = []
        for picture in load(clip, start, FRAMES):
            if soft:
                picture = cv2.GaussianBlur(picture, (0, 0), soft)
            small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            clean.append(np.ascontiguousarray(small.transpose(2, 0, 1)))
        return self._grainy(f"{clip.name}, {gate} {name}, {seed}", clean, name, gate, 1000 * seed + start)

    def smooth(self, name: str, gate: str, seed: int) -> Plate:
        """Soft shapes from near black to white, which stand still, with the grain of a stock."""
        rng = np.random.default_rng(seed)
        small = rng.uniform(0.02, 0.98, (4, 6, 3)).astype(np.float32)
        scene = np.clip(cv2.resize(small, (427, 240), interpolation=cv2.INTER_CUBIC), 0.02, 0.98)
        clean = [np.ascontiguousarray(scene.transpose(2, 0, 1))] * FRAMES
        return self._grainy(f"shapes, {gate} {name}, {seed}", clean, name, gate, seed)

    def _grainy(self, title: str, clean: list[Pixels], name: str, gate: str, seed: int) -> Plate:
        grain = stock(name, gate)
        seen = at_pitch(grain, grain.width / ACROSS).coloured()
        levels, sigmas = from_codes(seen.levels, seen.sigmas, self.context.colour, self.space)
        rng = np.random.default_rng(seed)
        grainy = [c + truth_of(seen, c, levels, sigmas, rng) for c in clean]
        return Plate(title, clean, grainy, seen, levels, sigmas)

    def frame(self, pixels: Pixels, number: int) -> Frame:
        """A part of a 2K scan."""
        return Frame.of(
            pixels, number=number, colour_space=self.space, display_window=Box(0, 0, ACROSS, 1556)
        )

    def render(
        self, node: Node, frames: Sequence[Pixels], reference: Sequence[Pixels] = (), told: str = ""
    ) -> Pixels:
        """The middle frame through a node. told: the content of the file that the node's knob names."""
        before, _ = node.reach
        at = len(frames) // 2
        near = [min(max(k, 0), len(frames) - 1) for k in range(at - before, at + before + 1)]
        window = Window(
            tuple(self.frame(frames[k], k) for k in near), before,
            tuple(self.frame(reference[k], k) for k in near) if reference else (),
        )  # fmt: skip
        context = replace(self.context, read=lambda path: told.encode(), measurements=Memo(60))
        return node.render(window, context).pixels


def measured_profile(bench: Bench, plate: Plate, frames: Sequence[Pixels]) -> GrainProfile | None:
    """What is measured of the middle three frames, None where nothing can be."""
    at = plate.middle
    try:
        measured = measure(frames[at - 1 : at + 2], 1)
    except InputError:
        return None
    width = plate.grain.width
    return profile_of(measured, bench.context.colour, bench.space, "plate", "film", width, ACROSS)


def through_ffmpeg(picture: Pixels, filters: str) -> Pixels:
    """A picture through filters of FFmpeg, in 8 bits of G, B, R."""
    codes = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    order = [1, 2, 0]
    _, height, width = picture.shape
    raw = ["-f", "rawvideo", "-pix_fmt", "gbrp", "-s", f"{width}x{height}"]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", *raw, "-i", "-", "-vf", filters, "-f", "rawvideo", "-pix_fmt", "gbrp", "-"],
        input=codes[order].tobytes(), capture_output=True, check=True,
    )  # fmt: skip
    made = np.frombuffer(done.stdout, np.uint8).reshape(picture.shape)[np.argsort(order)]
    return np.asarray(made / np.float32(255), np.float32)
