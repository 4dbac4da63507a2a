"""Fit how much each fact about a candidate says on whether it is damage, and write the table of it.

    python -m interneg.engines.training.find_odds damage.tar core/defects/odds_fitted.py goat libby ...

Damage of known truth, and what is none, are laid on clips; the detection network marks candidates in the
middle frame of five. Of each, `interneg.defects.odds` tells the facts, which are to tell what share of it
lies on damage: a generalised additive model (Hastie and Tibshirani, 1986) with a broken line for each fact,
its bends penalised, fitted by iteratively reweighted least squares. Pieces of damage that
`find_damage.held_out` keeps are left out; clips to be measured on must not be given.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from interneg.colour import Colour, WorkingSpace
from interneg.defects.detector import FINDER, answered
from interneg.defects.evidence import REACH, evidence, neighbours
from interneg.defects.likely import candidates
from interneg.defects.odds import FACTS
from interneg.defects.scene import flights
from interneg.engines.models import load_catalogue
from interneg.engines.training.find_damage import Image, Layer, damaged, read_pieces
from interneg.engines.training.find_pack import covered
from interneg.engines.training.find_scenes import THINGS, scanned, shot
from interneg.engines.training.onnx_nets import Exact
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View

Floats = npt.NDArray[np.float64]

# Of the windows: how many have something that is no damage, damage, the looks of film, and JPEG's.
_THING, _DAMAGED, _FILM, _CODED = 0.6, 0.7, 0.6, 0.35
_CROP = (320, 384)
# Knots per fact; the penalties on bends and on size; the largest area that a candidate counts by.
_KNOTS, _BENDS, _SIZE, _LARGE = 6, 3.0, 0.3, 400


@dataclass(frozen=True)
class Examples:
    """Candidates: facts and flights, (N, len(FACTS) + 1); their shares on damage, and areas, (N,)."""

    facts: Floats
    shares: Floats
    areas: Floats


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
    pieces: dict[str, list[npt.NDArray[np.uint8]]],
    context: Context,
    rng: np.random.Generator,
) -> Examples | None:
    """The candidates of the middle frame of a clip, (H, W) float32 each; None where there are none."""
    scene = [p.copy() for p in clip]
    if rng.random() < _THING:
        THINGS[int(rng.integers(len(THINGS)))](scene, rng)
    clean = shot(scene, rng) if rng.random() < _FILM else scene
    none = np.zeros_like(clean[0])
    layers = [Layer(p.copy(), none.copy(), none.copy()) for p in clean]
    if rng.random() < _DAMAGED:
        layers = damaged(clean, pieces, rng)
    quality = int(rng.uniform(40, 96)) if rng.random() < _CODED else 0
    space = context.colour.resolve("texture_paint")
    noisy = [layer.picture + rng.normal(0, 0.003, none.shape).astype(np.float32) for layer in layers]
    frames = tuple(
        Frame.of(scanned(p, rng, quality)[None], number=t, colour_space=space) for t, p in enumerate(noisy)
    )
    view = View(Window(frames, REACH), WorkingSpace.LOG_Y, context)
    seen = evidence(view, neighbours(view))
    if seen is None:
        return None
    found = candidates(seen, answered(view, seen), np.zeros(none.shape, np.bool_))
    if not found.spots:
        return None
    truth = covered(layers[REACH], clean[REACH]).max(axis=0) > 0.5
    near = cv2.dilate(np.uint8(truth), np.ones((3, 3), np.uint8)) > 0
    areas = np.array([s.shape.sum() for s in found.spots], np.float64)
    shares = np.array([near[s.box][s.shape].mean() for s in found.spots])
    rarity = flights(seen, found.spots).rarity
    return Examples(np.column_stack([found.facts, rarity]), shares, areas)


def spread(values: Floats, knots: Floats) -> Floats:
    """How much each knot counts where a broken line through all knots is read at the values, (N, K)."""
    return np.column_stack([np.interp(values, knots, one) for one in np.eye(len(knots))])


def fitted(known: Floats, shares: Floats, weights: Floats) -> tuple[float, list[tuple[Floats, Floats]]]:
    """What every candidate starts with, and of each fact the knots of its broken line and what they add.

    known: facts, (N, F). shares: how likely each candidate is to be damage, 0..1, and weights: how much it
    counts, (N,).
    """
    quantiles = np.linspace(0.01, 0.99, _KNOTS)
    knots = [np.unique(np.round(np.quantile(fact, quantiles), 2)) for fact in known.T]
    columns = np.column_stack(
        [np.ones(len(known)), *(spread(f, k) for f, k in zip(known.T, knots, strict=True))]
    )
    ends = np.cumsum([1, *map(len, knots)])
    parts = [slice(a, b) for a, b in pairwise(ends)]
    penalty = np.diag([0.0] + [_SIZE] * (columns.shape[1] - 1))
    for part in parts:
        bends = np.diff(np.eye(part.stop - part.start), 2, axis=0)
        penalty[part, part] += _BENDS * bends.T @ bends
    made = np.zeros(columns.shape[1])
    for _ in range(50):
        odds = 1 / (1 + np.exp(-np.clip(columns @ made, -30, 30)))
        curved = columns.T @ ((weights * odds * (1 - odds))[:, None] * columns) + penalty
        step = np.linalg.solve(curved, columns.T @ (weights * (shares - odds)) - penalty @ made)
        made += step
        if np.abs(step).max() < 1e-5:
            break
    return float(made[0]), [(k, made[part]) for k, part in zip(knots, parts, strict=True)]


def table(start: float, lines: Sequence[tuple[Floats, Floats]], count: int, windows: int) -> str:
    """The module that `odds` reads. lines: knots (K,) and what they add (K,), the flight's last.

    What no flight adds is made part of the start.
    """

    def pair(line: tuple[Floats, Floats]) -> str:
        return ", ".join(f"({', '.join(f'{v:.2f}' for v in values)})" for values in line)

    knots, adds = lines[-1]
    none = float(np.interp(0, knots, adds))
    shares = "\n".join(f'    "{n}": ({pair(line)}),' for n, line in zip(FACTS, lines[:-1], strict=True))
    return (
        '"""The table of `odds`, made by `engines/training/find_odds.py`.\n\n'
        f'It was fitted to {count} candidates in {windows} windows.\n"""\n\n'
        "from __future__ import annotations\n\n"
        f'START = {start + none:.2f}\n"""What every candidate starts with."""\n\n'
        f'SHARES = {{\n{shares}\n}}  # fmt: skip\n"""Of each fact: knots, and what is added there."""\n\n'
        f"FLIGHT = ({pair((knots, adds - none))})  # fmt: skip\n"
        '"""The same of how rare a flight is."""\n'
    )


def main(argv: list[str] | None = None) -> None:
    """The command: writes the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("damage", type=Path, help="damage.tar of FilmDamageSimulator's pieces")
    parser.add_argument("table", type=Path, help="the Python module to write")
    parser.add_argument("clips", type=Path, nargs="+", help="folders of JPEG frames each")
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    pieces, colour, engines = read_pieces(args.damage, False), Colour(), Finder()
    found = []
    for number, (clip, rng) in enumerate(windows(args.clips, args.windows, args.seed), 1):
        made = examples(clip, pieces, Context(colour, engines, Memo(60)), rng)
        if made is not None:
            found.append(made)
        if number % 50 == 0:
            print(
                f"window {number} of {args.windows}: {sum(len(f.areas) for f in found)} candidates",
                flush=True,
            )
    facts, shares, areas = (
        np.concatenate([getattr(f, name) for f in found]) for name in ("facts", "shares", "areas")
    )
    known = np.isfinite(facts).all(axis=1)
    weights = np.sqrt(np.minimum(areas, _LARGE))[known] / 5
    start, lines = fitted(facts[known], np.clip((shares[known] - 0.2) / 0.6, 0, 1), weights)
    args.table.write_text(table(start, lines, int(known.sum()), args.windows))


if __name__ == "__main__":
    main()
