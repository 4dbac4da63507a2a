"""Train what weighs the facts about a candidate: how likely it is to be damage.

    python -m interneg.engines.training.find_odds damage.tar core/defects goat libby ...

Damage of known truth, and what is none, are laid on clips; the detection network marks candidates in the
middle frame of five. Of each, `interneg.defects.odds` tells the facts, which are to tell what share of it
lies on damage. Three small networks learn that, on the windows of the first half of the seeds; and on those
of the second, three more what the others in the frame say besides (`interneg.defects.company`), given what
the first answer. Pieces of damage that `find_damage.held_out` keeps are left out; clips to be measured on
must not be given.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from interneg.colour import Colour, WorkingSpace
from interneg.defects.candidates import candidates
from interneg.defects.company import company
from interneg.defects.detector import FINDER, answered
from interneg.defects.evidence import REACH, evidence, neighbours
from interneg.defects.odds import FAR, LAYERS, NETS, Weights, weighed
from interneg.defects.scene import flights
from interneg.engines.models import load_catalogue
from interneg.engines.training.find_damage import Image, Layer, Real, damaged, read_real
from interneg.engines.training.find_pack import covered
from interneg.engines.training.find_scenes import THINGS, scanned, shot
from interneg.engines.training.onnx_nets import Exact
from interneg.frame import Frame, Pixels, Window
from interneg.memo import Memo
from interneg.node import Context, View

Floats = npt.NDArray[np.float64]

# Of the windows: how many have something that is no damage, damage, the looks of film, and JPEG's; and how
# many show one picture that stands still, without grain or noise, as what was drawn does.
_THING, _DAMAGED, _FILM, _CODED, _STILL = 0.6, 0.7, 0.6, 0.35, 0.1
_CROP = (320, 384)
# The largest area that a candidate counts by.
_LARGE = 400
# The networks' hidden widths, and how they are trained.
_WIDTHS, _STEPS, _BATCH, _RATE, _DECAY, _JITTER = (32, 16), 3000, 1024, 4e-3, 0.05, 0.05


@dataclass(frozen=True)
class Examples:
    """The candidates of a frame.

    facts: and flights, (N, number of facts + 1). shares: of each on damage, 0..1, and areas, (N,). The others
    are what `company` takes.
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
    quality = int(rng.uniform(40, 96)) if rng.random() < _CODED else 0
    space = context.colour.resolve("texture_paint")
    noise = 0 if still else 0.003
    noisy = [layer.picture + rng.normal(0, noise, none.shape).astype(np.float32) for layer in layers]
    frames = tuple(
        Frame.of(scanned(p, rng, quality)[None], number=t, colour_space=space) for t, p in enumerate(noisy)
    )
    view = View(Window(frames, REACH), WorkingSpace.LOG_Y, context)
    seen = evidence(view, neighbours(view))
    if seen is None or len(seen.neighbours) < 2:
        return None
    found = candidates(seen, answered(view, seen), np.zeros(none.shape, np.bool_))
    if not found.spots:
        return None
    truth = covered(layers[REACH], clean[REACH]).max(axis=0) > 0.5
    near = cv2.dilate(np.uint8(truth), np.ones((3, 3), np.uint8)) > 0
    areas = np.array([s.shape.sum() for s in found.spots], np.float64)
    shares = np.array([near[s.box][s.shape].mean() for s in found.spots])
    way = flights(seen, found.spots)
    facts, size = np.column_stack([found.facts, way.rarity]), (none.shape[0], none.shape[1])
    return Examples(facts, shares, areas, way.of_scene(), found.signs, found.places, size)


def learned(known: list[Floats], found: list[Examples], seed: int, steps: int = _STEPS) -> Weights:
    """The networks that are trained on what is known of the candidates of each frame, (N, F)."""
    every = np.concatenate(known)
    shares, areas = (np.concatenate([getattr(f, name) for f in found]) for name in ("shares", "areas"))
    there = np.isfinite(every).all(axis=1)
    weights = np.sqrt(np.minimum(areas, _LARGE))[there] / 5
    print(f"{there.sum()} candidates", flush=True)
    return trained(every[there], np.clip((shares[there] - 0.2) / 0.6, 0, 1), weights, seed, steps)


def trained(known: Floats, shares: Floats, weights: Floats, seed: int, steps: int = _STEPS) -> Weights:
    """Train the networks of `interneg.defects.odds`; what that module reads.

    known: facts and flights, (N, F). shares: how likely each candidate is to be damage, 0..1, and weights:
    how much it counts, (N,). Returns centre and scale, (F,), and of each layer weight, (networks, outputs,
    inputs), and bias, (networks, outputs), float32.
    """
    centre, scale = known.mean(axis=0), known.std(axis=0)
    even = np.clip((known - centre) / np.maximum(scale, 1e-6), -FAR, FAR)
    x, truth, counts = (torch.tensor(v, dtype=torch.float32) for v in (even, shares, weights))
    nets = [_trained(x, truth, counts, seed + k, steps) for k in range(NETS)]
    made = {"centre": centre, "scale": np.maximum(scale, 1e-6)}
    for k in range(LAYERS):
        layers = [net[2 * k] for net in nets]
        made[f"weight{k}"] = np.stack([layer.weight.detach().numpy() for layer in layers])
        made[f"bias{k}"] = np.stack([layer.bias.detach().numpy() for layer in layers])
    return {name: np.asarray(values, np.float32) for name, values in made.items()}


def _trained(x: Tensor, truth: Tensor, counts: Tensor, seed: int, steps: int) -> nn.Sequential:
    """One network; its inputs are jittered a little, so that it does not learn single candidates by heart."""
    torch.manual_seed(seed)
    widths = (x.shape[1], *_WIDTHS)
    inner = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.SiLU())]
    net = nn.Sequential(*inner, nn.Linear(_WIDTHS[-1], 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    chance = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        some = torch.randint(len(x), (_BATCH,), generator=chance)
        seen = x[some] + _JITTER * torch.randn((_BATCH, x.shape[1]), generator=chance)
        loss = F.binary_cross_entropy_with_logits(net(seen)[:, 0], truth[some], counts[some])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return net


def main(argv: list[str] | None = None) -> None:
    """The command: writes the weights."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("damage", type=Path, help="damage.tar of FilmDamageSimulator's pieces")
    parser.add_argument("weights", type=Path, help="the folder to write odds.npz and odds_in_company.npz in")
    parser.add_argument("clips", type=Path, nargs="+", help="folders of JPEG frames each")
    parser.add_argument("--windows", type=int, default=1500, help="for each of the seeds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12], help="two or more")
    parser.add_argument("--seed", type=int, default=21, help="of the networks")
    args = parser.parse_args(argv)
    if len(args.seeds) < 2:
        parser.error("--seeds: two or more are needed, as each half trains networks of its own")
    cv2.setNumThreads(1)
    real, colour, engines = read_real(args.damage, False), Colour(), Finder()
    found: dict[int, list[Examples]] = {}
    for seed in args.seeds:
        found[seed] = []
        for number, (clip, rng) in enumerate(windows(args.clips, args.windows, seed), 1):
            made = examples(clip, real, Context(colour, engines, Memo(60)), rng)
            found[seed] += [] if made is None else [made]
            if number % 50 == 0:
                count = sum(len(f.areas) for f in found[seed])
                print(f"seed {seed}, window {number} of {args.windows}: {count} candidates", flush=True)
    half = len(args.seeds) // 2
    first, second = (
        list(chain(*(found[s] for s in seeds))) for seeds in (args.seeds[:half], args.seeds[half:])
    )
    alone = learned([f.facts for f in first], first, args.seed)
    known = [f.beside(weighed(f.facts, alone)) for f in second]
    beside = learned(known, second, args.seed)
    for name, weights in (("odds", alone), ("odds_in_company", beside)):
        np.savez_compressed(args.weights / f"{name}.npz", allow_pickle=False, **weights)


if __name__ == "__main__":
    main()
