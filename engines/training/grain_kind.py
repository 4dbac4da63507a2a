"""Train the classifier of grain: `python -m interneg.engines.training.grain_kind STILLS WORK`.

STILLS is a folder of clean tiles (PNG or WebP). Plates are simulated and measured in parts, and what was
measured of a part is kept in WORK, so that a run that was stopped goes on where it was. Writes `kind.npz` and
`kind.md` into core/grain, or another folder.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from interneg.engines.training.grain_plates import HELD_NOISE, HELD_STOCKS, plate
from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.kind import Weights, features, film_probability
from interneg.grain.measure import measure
from interneg.io.image_reader import read_rgb8

_PART, _HIDDEN, _STEPS, _RATE, _DECAY = 50, 24, 3000, 0.01, 1e-3
_JITTER = 0.05
"""Deviation of the noise that training adds to features, in their own deviations."""
_GOAL = 97.0

Sample = tuple[Pixels, npt.NDArray[np.bool_], list[str]]


def part(number: int, held: bool, stills: list[Pixels], work: Path) -> Sample:
    """Features (N, F), whether it is film (N,), and what it is, of one part of the plates."""
    stored = work / f"{'held' if held else 'train'}-{number:03d}.npz"
    if not stored.exists():
        rng = np.random.default_rng([number, int(held)])
        rows, film, names = [], [], []
        for _ in range(_PART):
            made = plate(rng, stills, held)
            frames = made.frames[: int(rng.integers(1, 3))]
            try:
                found = measure(frames)
            except InputError:
                continue
            if found.sigmas.any():
                rows.append(features(found))
                film.append(made.film)
                names.append(made.what)
        partial = stored.with_suffix(".part.npz")
        np.savez(partial, rows=np.stack(rows), film=np.array(film), names=np.array(names))
        partial.rename(stored)
    with np.load(stored) as found_:
        return found_["rows"], found_["film"], list(found_["names"])


def trained(rows: Pixels, film: npt.NDArray[np.bool_], seed: int = 0) -> Weights:
    """The weights, by Adam on the cross-entropy of all rows, (N, F), and whether they are film, (N,)."""
    rng = np.random.default_rng(seed)
    mean, spread = rows.mean(0), np.maximum(rows.std(0), 1e-3)
    even = np.clip((rows - mean) / spread, -4, 4)
    values = {
        "first": rng.normal(0, 1 / np.sqrt(rows.shape[1]), (rows.shape[1], _HIDDEN)),
        "first_bias": np.zeros(_HIDDEN),
        "second": rng.normal(0, 1 / np.sqrt(_HIDDEN), _HIDDEN),
        "second_bias": np.zeros(()),
    }
    moments = {k: (np.zeros_like(v), np.zeros_like(v)) for k, v in values.items()}
    for step in range(1, _STEPS + 1):
        seen = even + rng.normal(0, _JITTER, even.shape)
        hidden = np.tanh(seen @ values["first"] + values["first_bias"])
        error = 1 / (1 + np.exp(-(hidden @ values["second"] + values["second_bias"]))) - film
        error /= len(film)
        back = np.outer(error, values["second"]) * (1 - np.square(hidden))
        slopes = {
            "first": seen.T @ back + _DECAY * values["first"],
            "first_bias": back.sum(0),
            "second": hidden.T @ error + _DECAY * values["second"],
            "second_bias": np.asarray(error.sum()),
        }
        rate = _RATE * 0.5 * (1 + np.cos(np.pi * step / _STEPS))
        for k, slope in slopes.items():
            first, second = moments[k]
            first += 0.1 * (slope - first)
            second += 0.001 * (np.square(slope) - second)
            size = np.sqrt(second / (1 - 0.999**step)) + 1e-8
            values[k] = values[k] - rate * first / (1 - 0.9**step) / size
    found = {"mean": mean, "spread": spread, **values}
    return {k: np.asarray(v, np.float32) for k, v in found.items()}


def card(weights: Weights, train: Sample, held: Sample) -> str:
    """What the classifier was trained and tested on, and how often it is right."""
    lines = [
        "# Film grain or digital noise",
        "",
        f"A network of {train[0].shape[1]} features of a measured plate and one hidden layer of {_HIDDEN}, "
        f"trained on {len(train[1])} simulated plates of 384x288 pixels, one or two frames each, and tested "
        f"on {len(held[1])} of kinds that it was not trained on.",
        "",
        "Film: the built-in stocks on gates of 8 to 65 mm, in HD to 4K, through scanners of several lenses "
        "and amounts of sharpening, in log or video, graded up or down.",
        "Digital: photon and read noise, demosaiced, with fixed patterns, chroma smoothing, denoising, "
        "resizing, H.264 or JPEG.",
        f"Held back for the test: the stocks {', '.join(HELD_STOCKS)}; and as digital noise "
        f"{', '.join(HELD_NOISE)}.",
        "",
        "| plates | right |",
        "|---|---|",
    ]
    for name, (rows, film, _) in (("trained on", train), ("held back", held)):
        right = (film_probability(rows, weights) >= 0.5) == film
        lines.append(f"| {name} | {100 * right.mean():.1f} % |")
        for kind, which in (("film", film), ("digital", ~film)):
            lines.append(f"| {name}, {kind} | {100 * right[which].mean():.1f} % |")
    right = (film_probability(held[0], weights) >= 0.5) == held[1]
    by: dict[str, list[bool]] = defaultdict(list)
    for name, is_film, good in zip(held[2], held[1], right, strict=True):
        for word in name.split(", ")[: 1 if is_film else None]:
            by[word].append(bool(good))
    lines += [
        f"| held back, with {k} | {100 * np.mean(v):.1f} % of {len(v)} |" for k, v in sorted(by.items())
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m interneg.engines.training.grain_kind")
    parser.add_argument("stills", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--parts", type=int, default=60, help=f"of {_PART} plates, for training")
    parser.add_argument("--held", type=int, default=16, help=f"of {_PART} plates, for the test")
    parser.add_argument("--out", type=Path, default=Path("core/grain"))
    chosen = parser.parse_args()
    chosen.work.mkdir(parents=True, exist_ok=True)
    paths = sorted(p for p in chosen.stills.iterdir() if p.suffix in (".png", ".webp"))[:200]
    stills = [np.asarray(read_rgb8(p).transpose(2, 0, 1) / 255, np.float32) for p in paths]
    samples: list[Sample] = []
    for held, count in ((False, chosen.parts), (True, chosen.held)):
        parts = []
        for number in range(count):
            parts.append(part(number, held, stills, chosen.work))
            print(f"{'held back' if held else 'training'}: {number + 1} of {count} parts", flush=True)
        rows, film = (np.concatenate([p[k] for p in parts]) for k in (0, 1))
        samples.append((rows, film.astype(bool), [n for p in parts for n in p[2]]))
    weights = trained(samples[0][0], samples[0][1])
    np.savez(chosen.out / "kind.npz", allow_pickle=False, **weights)
    said = card(weights, *samples)
    (chosen.out / "kind.md").write_text(said)
    print(said)


if __name__ == "__main__":
    main()
