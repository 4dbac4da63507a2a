"""Grain that was made, held against grain that is there: areas of both, and a classifier of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from interneg.engines.training.grain_stocks import classes, emulsion
from interneg.frame import Pixels
from interneg.grain.boolean import simulated
from interneg.grain.directions import directions
from interneg.grain.profile import DENSITY, GrainProfile
from interneg.grain.spectrum import RINGS, transform
from interneg.grain.synthesis import Grain, laid

# Stocks that are simulated, green's record for colour, and the pitch of the scan in µm.
_SIMULATED = (("bw-500", 6.08), ("colour-500-pushed", 6.08))
_FRAME = 384
# Side of the areas, of the patches that are looked at, and how smooth a flat area is, in codes of 8 bits.
_AREA, _PATCH, _FLAT = 64, 32, 0.9
# What is coarser than this Gaussian, in pixels, is taken for the picture.
_SMOOTH = 6.0
_SHARE = 0.6
# Stills with fewer flat areas are left out.
_FEWEST = 30
_STEPS, _BATCH = 400, 64


@dataclass(frozen=True, eq=False)
class Areas:
    """Areas of one plate's grain, its clean picture taken off alike from all: (N, F, 64, 64) float32.

    F: frames, 1 or 2. there: of the plate. clean, step: what `made` grain is laid on, (F, H, W), and what its
    codes are rounded to. profile: what the areas show, with a pixel for a mm.
    """

    name: str
    there: Pixels
    clean: Pixels
    step: float
    places: tuple[tuple[int, int], ...]
    profile: GrainProfile

    def filtered(self, seed: int) -> Pixels:
        """The same areas, (N, H, W), with grain of the fast generator."""
        _, height, width = self.clean.shape
        grain = Grain.of(self.profile, 1.0)
        fields = [grain.field(height, width, seed=seed, frame=f) for f in range(len(self.clean))]
        return self.seen(np.concatenate(fields))

    def seen(self, field: Pixels) -> Pixels:
        """The areas with a field of a deviation of 1, (F, H, W), laid on the clean picture."""
        levels, sigmas = self.profile.levels, self.profile.sigmas
        plate = np.concatenate(
            [laid(c[None], f[None], levels, sigmas) for c, f in zip(self.clean, field, strict=True)]
        )
        return _areas(_rounded(plate, self.step), self.places)


def real(path: Path, fewest: int = _FEWEST) -> Areas | None:
    """Of a still of 8 bits: its flat areas; None where there are fewer than so many."""
    import cv2

    stored = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    plate = np.asarray(stored[None] / 255, np.float32)
    smooth = cv2.GaussianBlur(plate[0], (0, 0), _SMOOTH)
    edges = range(0, plate.shape[1] - _AREA + 1, _AREA // 2)
    corners = [(y, x) for y in edges for x in edges]
    flat = [p for p in corners if smooth[_square(p)].std() * 255 < _FLAT]
    # No two that overlap.
    places: list[tuple[int, int]] = []
    for y, x in flat:
        if all(abs(y - v) >= _AREA or abs(x - u) >= _AREA for v, u in places):
            places.append((y, x))
    return _grains(path.stem, plate, 1 / 255, places) if len(places) >= fewest else None


def simulation(name: str, pitch: float, seed: int = 1) -> Areas:
    """Of two frames of a stock, evenly exposed."""
    film = emulsion(dict(classes())[name])
    if film.channels == 3:
        film = film.record(1)
    exposure = np.zeros((1, _FRAME, _FRAME))
    frames = [simulated(film, exposure, pitch, seed + f, 6) for f in range(2)]
    plate = np.asarray(np.concatenate(frames) / DENSITY, np.float32)
    edges = range(0, _FRAME - _AREA + 1, _AREA)
    return _grains(f"{name} at {pitch:g} µm", plate, 0, [(y, x) for y in edges for x in edges])


def all_grains(folder: Path) -> list[Areas]:
    """The real stills in a folder that have enough flat areas, and the simulated plates."""
    found = (real(p) for p in sorted(folder.glob("*.png")))
    return [g for g in found if g] + [simulation(*s) for s in _SIMULATED]


def told_apart(there: Pixels, made: Pixels, seed: int = 0, steps: int = _STEPS) -> float:
    """The share of patches that a small network, trained on other areas, takes for what they are.

    there, made: (N, F, H, W) float32, as many of each. Patches of 32x32 in all eight positions are learnt
    from; those that are judged do not overlap. Half of both kinds: 0.5 is chance. Texture is judged, not its
    strength, which the response curve answers for: each patch is brought to one mean and deviation.
    """
    torch.manual_seed(seed)
    dice = np.random.default_rng(seed)
    order = dice.permutation(len(there))
    first = round(_SHARE * len(there))
    scale = float(there.std())
    kinds = [torch.from_numpy(k[order] / scale).float() for k in (there, made)]
    net = Judge(there.shape[1])
    rule = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    falling = torch.optim.lr_scheduler.OneCycleLR(rule, 4e-3, steps)
    truth = torch.arange(_BATCH) % 2
    for _ in range(steps):
        batch = torch.stack([crop(kinds[k % 2][:first], dice) for k in range(_BATCH)])
        loss = nn.functional.cross_entropy(net(batch), truth)
        rule.zero_grad()
        loss.backward()
        rule.step()
        falling.step()
    net.eval()
    with torch.no_grad():
        right = [
            float((net(_tiled(kind[first:])).argmax(1) == k).float().mean()) for k, kind in enumerate(kinds)
        ]
    return sum(right) / 2


class Judge(nn.Module):
    """A small network with the mean and the deviation of its features over the patch as last look."""

    def __init__(self, frames: int, outputs: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(frames, 24, 5), nn.LeakyReLU(0.1),
            nn.Conv2d(24, 32, 3, 2), nn.LeakyReLU(0.1),
            nn.Conv2d(32, 32, 3), nn.LeakyReLU(0.1),
        )  # fmt: skip
        self.head = nn.Linear(64, outputs)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """(N, F, H, W) to (N, outputs). Of each patch the mean and the strength are taken away first."""
        patches = patches - patches.mean((2, 3), keepdim=True)
        found = self.body(patches / patches.std((1, 2, 3), keepdim=True))
        return self.head(torch.cat([found.mean((2, 3)), found.std((2, 3))], 1))


def crop(areas: torch.Tensor, dice: np.random.Generator) -> torch.Tensor:
    """A patch of an area, turned and mirrored by chance: (F, 32, 32)."""
    area = areas[dice.integers(len(areas))]
    y, x = dice.integers(area.shape[1] - _PATCH + 1, size=2)
    patch = area[:, y : y + _PATCH, x : x + _PATCH].rot90(int(dice.integers(4)), (1, 2))
    return patch.flip(2) if dice.integers(2) else patch


def _tiled(areas: torch.Tensor) -> torch.Tensor:
    found = areas.unfold(2, _PATCH, _PATCH).unfold(3, _PATCH, _PATCH)
    return found.permute(0, 2, 3, 1, 4, 5).reshape(-1, areas.shape[1], _PATCH, _PATCH)


def _grains(name: str, plate: Pixels, step: float, places: list[tuple[int, int]]) -> Areas:
    import cv2

    areas = _areas(plate, tuple(places))
    # Smoother than what is taken off the areas: else the plate's own coarse grain were in both, and the made
    # one's on top.
    clean = np.stack([cv2.GaussianBlur(f, (0, 0), 2.5 * _SMOOTH) for f in plate])
    return Areas(name, areas, clean, step, tuple(places), _profile(name, areas))


def _profile(name: str, areas: Pixels) -> GrainProfile:
    """What the areas show: their strength at every level, and their spectrum, what was taken off put back."""
    line, axis = np.hanning(_AREA + 1)[:-1], np.fft.fftfreq(_AREA)
    window = np.outer(line, line) / np.sqrt(np.mean(np.outer(line, line) ** 2))
    power = np.square(np.abs(np.fft.fft2(areas * window))).mean((0, 1)) / _AREA**2
    rings = np.rint(np.hypot(axis[:, None], axis[None, :]) * _AREA).astype(np.int64).ravel()
    radial = np.bincount(rings, power.ravel()) / np.bincount(rings)
    frequencies = np.arange(radial.size) / _AREA
    left = 1 - np.exp(-2 * (np.pi * _SMOOTH * frequencies) ** 2)
    # Where hardly anything is left, grain is taken to be as at the next frequency.
    first = int(np.argmax(left > 0.5))
    radial[first:] /= left[first:] ** 2
    radial[:first] = radial[first]
    sigma = np.sqrt((radial * np.bincount(rings)).sum() / rings.size)
    return GrainProfile(
        name, "film", ("Y",), np.array([[0, 1]], np.float32), np.full((1, 2), sigma, np.float32),
        frequencies.astype(np.float32), radial[None].astype(np.float32), np.ones((1, 1), np.float32), 0.0,
        1.0, 1, directions(transform(areas.reshape(-1, 1, _AREA, _AREA)), np.ones(RINGS, np.float32)),
    )  # fmt: skip


def _areas(plate: Pixels, places: tuple[tuple[int, int], ...]) -> Pixels:
    import cv2

    rough = np.stack([f - cv2.GaussianBlur(f, (0, 0), _SMOOTH) for f in plate])
    return np.stack([rough[(slice(None), *_square(p))] for p in places])


def _rounded(plate: Pixels, step: float) -> Pixels:
    return np.asarray(np.round(plate / step) * step, np.float32) if step else plate


def _square(corner: tuple[int, int]) -> tuple[slice, slice]:
    y, x = corner
    return slice(y, y + _AREA), slice(x, x + _AREA)
