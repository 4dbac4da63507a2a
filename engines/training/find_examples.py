"""Examples to train what weighs the facts about a candidate: candidates of damage, and of none, on clips.

Damage of known truth, and what is none, are laid on five frames; the detection network marks candidates in
the middle one. Of each, `interneg.defects.odds` tells the facts, and the truth which share of it is damaged.
Scratches that run through the frames are looked for first, as the node does, and dirt lies across some.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from interneg.colour import WorkingSpace
from interneg.defects.candidates import candidates
from interneg.defects.company import company
from interneg.defects.detector import FINDER, answered
from interneg.defects.evidence import REACH, evidence, neighbours
from interneg.defects.likely import refined
from interneg.defects.scene import flights
from interneg.defects.scratches import covered as on_lines
from interneg.defects.scratches import scratches
from interneg.defects.tracks import rounded
from interneg.engines.models import load_catalogue
from interneg.engines.training.find_damage import Image, Layer, Line, Real, damaged, spot
from interneg.engines.training.find_pack import covered
from interneg.engines.training.find_scenes import THINGS, scanned, shot
from interneg.engines.training.onnx_nets import Exact
from interneg.frame import Frame, Mask, Pixels, Window
from interneg.node import Context, View

Floats = npt.NDArray[np.float64]

# Of the windows: how many have something that is no damage, damage, the looks of film, and JPEG's; how many
# have scratches that stay, with dirt across some; and how many show one picture that stands still, without
# grain or noise, as what was drawn does.
_THING, _DAMAGED, _FILM, _CODED, _CROSSED, _STILL = 0.6, 0.7, 0.6, 0.35, 0.25, 0.1
_CROP = (320, 384)
# How readily scratches that stay are looked for, and how wide their rims are, in pixels.
_READILY, _RIM = 0.5, 3


@dataclass(frozen=True)
class Examples:
    """The candidates of a frame.

    facts: and flights, (N, number of facts + 1). shares: of each on damage, 0..1, and areas, 0 of what does
    not count, (N,). The others are what `company` takes.
    """

    facts: Floats
    shares: Floats
    areas: Floats
    of_scene: npt.NDArray[np.bool_]
    signs: npt.NDArray[np.int64]
    places: Floats
    size: tuple[int, int]

    def beside(self, own: Floats) -> Floats:
        """Facts, flights, the logarithm of each one's own odds, (N,), and what is known of the others."""
        rarity = self.facts[:, -1]
        likely = 1 / (1 + np.exp(-own))
        others = company(likely, rarity, self.of_scene, self.signs, self.places, self.size)
        return np.column_stack([self.facts, own, others])


class Finder:
    """The catalogue's detection network, in fp32, as the source of engines and the engine."""

    name = identity = FINDER
    scale = 1

    def __init__(self) -> None:
        model = load_catalogue()[FINDER]
        self._multiple = model.multiple
        self._net = Exact(Path(model.file("fp32").file).read_bytes(), model.multiple, threads=1)

    def open(self, model: str) -> "Finder":
        """It is the only one."""
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        """What the network answers, (2, H, W) float32, to planes (10, H, W) float32."""
        height, width = planes.shape[1:]
        below, right = -height % self._multiple, -width % self._multiple
        padded = np.pad(planes, ((0, 0), (0, below), (0, right)), mode="edge")
        made = self._net(torch.from_numpy(padded[None]))[0, :, :height, :width]
        return np.asarray(made.numpy(), np.float32)


def windows(
    folders: Sequence[Path], count: int, seed: int
) -> Iterator[tuple[list[Image], np.random.Generator]]:
    """Five consecutive frames of a clip at random, cut to at most `_CROP`, and the chances of the window."""
    held = [sorted(folder.glob("*.jpg")) for folder in folders]
    for folder, paths in zip(folders, held, strict=True):
        if len(paths) < 2 * REACH + 1:
            raise ValueError(f"{folder} holds {len(paths)} JPEG frames: a clip has at least {2 * REACH + 1}")
    # What is longer and larger has more to show.
    sizes = np.array([float(len(paths)) * _luma(paths[0]).size for paths in held])
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        paths = held[int(rng.choice(len(held), p=sizes / sizes.sum()))]
        first = int(rng.integers(len(paths) - 2 * REACH))
        frames = [_luma(p) for p in paths[first : first + 2 * REACH + 1]]
        top, left = (
            int(rng.integers(max(1, s - c + 1))) for s, c in zip(frames[0].shape, _CROP, strict=True)
        )
        frames = [f[top : top + _CROP[0], left : left + _CROP[1]] for f in frames]
        yield (frames[::-1] if rng.random() < 0.5 else frames), rng


def _luma(path: Path) -> Image:
    codes = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if codes is None:
        raise ValueError(f"{path} is no picture")
    return codes.astype(np.float32) / np.float32(255)


def examples(
    clip: list[Image],
    real: Real,
    context: Context,
    rng: np.random.Generator,
) -> Examples | None:
    """The candidates of the middle frame of a clip, (H, W) float32 each; None where there are none."""
    still = rng.random() < _STILL
    scene = [(clip[REACH] if still else p).copy() for p in clip]
    if rng.random() < _THING:
        THINGS[int(rng.integers(len(THINGS)))](scene, rng)
    clean = shot(scene, rng) if not still and rng.random() < _FILM else scene
    none = np.zeros_like(clean[0])
    layers = [Layer(p.copy(), none.copy(), none.copy()) for p in clean]
    if rng.random() < _DAMAGED:
        layers = damaged(clean, real, rng)
    if rng.random() < _CROSSED:
        crossed(layers, rng)
    quality = int(rng.uniform(40, 96)) if rng.random() < _CODED else 0
    space = context.colour.resolve("texture_paint")
    noise = 0 if still else 0.003
    noisy = [layer.picture + rng.normal(0, noise, none.shape).astype(np.float32) for layer in layers]
    frames = tuple(
        Frame.of(scanned(p, rng, quality)[None], number=t, colour_space=space) for t, p in enumerate(noisy)
    )
    view = View(Window(frames, REACH), WorkingSpace.LOG_Y, context)
    around = neighbours(view)
    seen = evidence(view, around)
    if seen is None or len(seen.neighbours) < 2:
        return None
    answer, size = answered(view, seen), (none.shape[0], none.shape[1])
    lines = [rounded(refined(line, answer)) for line in scratches(view, _READILY, around)]
    but = on_lines(lines, size, 1) | on_lines(lines, size, -1)
    found = candidates(seen, answer, but)
    if not found.spots:
        return None
    dirt, scratch = covered(layers[REACH], clean[REACH]) > 0.5
    truth = dirt | scratch
    near = cv2.dilate(np.uint8(truth), np.ones((3, 3), np.uint8)) > 0
    # The rims of scratches that stay are repaired with these: whether they are damage is not asked.
    rims = scratch & ~dirt & _beside(but)
    counts = np.array([rims[s.box][s.shape].mean() < 0.5 for s in found.spots])
    areas = counts * np.array([s.shape.sum() for s in found.spots], np.float64)
    shares = np.array([near[s.box][s.shape].mean() for s in found.spots])
    way = flights(seen, found.spots)
    facts = np.column_stack([found.facts, way.rarity])
    return Examples(facts, shares, areas, way.of_scene(), found.signs, found.places, size)


def _beside(lines: Mask) -> Mask:
    """What lies on lines, (H, W), or right beside them."""
    return np.asarray(cv2.dilate(np.uint8(lines), np.ones((1, 2 * _RIM + 1), np.uint8)) > 0)


def crossed(layers: Sequence[Layer], rng: np.random.Generator) -> None:
    """Lay scratches that stay on all frames, and dirt across them, or none, on each."""
    size = (layers[0].picture.shape[0], layers[0].picture.shape[1])
    lines = [Line(rng, size) for _ in range(int(rng.integers(1, 3)))]
    often = rng.uniform(0, 2)
    for layer in layers:
        for line in lines:
            line.draw(layer, rng)
            for _ in range(rng.poisson(often)):
                y = rng.uniform(0, size[0])
                x = line.x + line.slope * (y - size[0] / 2) + rng.normal(0, 3)
                spot(layer, rng, (y, x))
