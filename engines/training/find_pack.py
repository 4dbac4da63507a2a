"""Make windows to train the finder on: damage laid on clips, seen as the node sees them, and what is damaged.

    python -m interneg.engines.training.find_pack clips_00 damage.tar pack --repeats 4

Each part holds six windows of one clip with damage of its own: planes as `interneg.defects.detector.planes`
gives them, and how visibly each pixel is covered by dirt and by scratches. Parts that are there are kept, so
that an interrupted run goes on. Clips and pieces that `find_damage.held_out` keeps make a pack of their own
(--held). With --stills there are parts of stills as well, that move with things that cross them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from interneg.colour import Colour, WorkingSpace
from interneg.defects.detector import planes
from interneg.defects.evidence import REACH, evidence, neighbours
from interneg.engine import NoEngines
from interneg.engines.training.find_damage import Image, Layer, Real, damaged, held_out, read_real
from interneg.engines.training.find_scenes import distracted, scanned, shot
from interneg.engines.training.scenes import drifting, picture, stills
from interneg.frame import Frame, Window
from interneg.memo import Memo
from interneg.node import Context, View

# A change of the first many codes is not seen, one of the second is seen clearly.
_UNSEEN, _CLEAR = 2.0, 8.0
# Where damage is so opaque, what happens to look like the picture beneath counts as what is around it.
_OPAQUE, _AROUND = 0.25, 5
_REPEATED = 0.1
_FRAMES, _CROSSING = 9, 3
"""Of a clip that is made of stills: how many frames, and at most so many things that cross it."""


def truth_of(part: Path) -> Path:
    """The file of what is covered that belongs to one of planes."""
    return part.with_name(part.name.replace(".planes.", ".truth."))


def covered(layer: Layer, clean: Image) -> Image:
    """How visibly each pixel is covered by dirt and by scratches, (2, H, W) float32, 0..1."""
    change = 255 * np.abs(layer.picture - clean)
    seen = np.clip((change - _UNSEEN) / (_CLEAR - _UNSEEN), 0, 1)
    alpha = np.maximum(layer.dirt, layer.scratch)
    near = cv2.dilate(seen, np.ones((_AROUND, _AROUND), np.uint8))
    seen = np.where(alpha > _OPAQUE, near, np.where(alpha > 0.01, seen, 0))
    scratch = layer.scratch > layer.dirt
    return np.stack([np.where(scratch, 0, seen), np.where(scratch, seen, 0)]).astype(np.float32)


def windows(
    clip: list[Image], real: Real, context: Context, seed: Sequence[int]
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.uint8]]:
    """Planes (6, 10, H, W) and what is covered (6, 2, H, W), 255 being clearly.

    Five of the windows have all their frames, the last lies at an end of the clip.
    """
    rng = np.random.default_rng(seed)
    if rng.random() < 0.5:
        clip = clip[::-1]
    clean = shot(distracted(clip, rng), rng)
    layers = damaged(clean, real, rng)
    quality = int(rng.uniform(40, 96)) if rng.random() < 0.5 else 0
    for t in range(1, len(clip)):
        if rng.random() < _REPEATED:
            layers[t], clean[t] = layers[t - 1], clean[t - 1]
    frames = [
        scanned(layer.picture + rng.normal(0, 0.003, layer.picture.shape).astype(np.float32), rng, quality)
        for layer in layers
    ]
    space = context.colour.resolve("texture_paint")
    made = [Frame.of(p[None], number=t, colour_space=space) for t, p in enumerate(frames)]
    last = len(made) - 1
    inner = list(range(REACH, last - REACH + 1))[:5]
    at = [*inner, int(rng.choice([0, 1, last - 1, last]))]
    seen, truth = [], []
    for t in at:
        first, end = max(0, t - REACH), min(last, t + REACH) + 1
        view = View(Window(tuple(made[first:end]), t - first), WorkingSpace.LOG_Y, context)
        found = evidence(view, neighbours(view))
        if found is None:
            raise ValueError(f"all frames around {t} of the clip are the same")
        seen.append(planes(view, found))
        truth.append(np.rint(255 * covered(layers[t], clean[t])))
    return np.stack(seen).astype(np.float16), np.stack(truth).astype(np.uint8)


def main(argv: list[str] | None = None) -> None:
    """The command: writes the parts that are missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clips", type=Path, help="a folder of folders of JPEG frames, at any depth")
    parser.add_argument("damage", type=Path, help="damage.tar of FilmDamageSimulator's pieces")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--repeats", type=int, default=4, help="how often each clip is damaged anew")
    parser.add_argument("--stills", type=Path, nargs="+", default=[], help="folders of pictures of 256x256")
    parser.add_argument("--drifting", type=int, default=400, help="how many clips are made of stills")
    parser.add_argument("--held", action="store_true", help="of the clips and pieces that are held out")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    args.pack.mkdir(parents=True, exist_ok=True)
    real = read_real(args.damage, args.held)
    folders = sorted({p.parent for p in args.clips.rglob("*.jpg")})
    chosen = [(k, f) for k, f in enumerate(folders) if held_out(f.name) == args.held]
    colour = Colour()
    for repeat in range(args.repeats):
        for number, folder in chosen:
            clip = [_luma(p) for p in sorted(folder.glob("*.jpg"))]
            seed = (args.seed, number, repeat)
            _keep(args.pack / f"{folder.name}-{repeat}.planes.npy", clip, real, colour, seed)
        print(f"{len(chosen)} clips, time {repeat + 1} of {args.repeats}", flush=True)
    pictures = [p for p in stills(args.stills) if held_out(p.name) == args.held]
    for number in range(args.drifting if pictures else 0):
        clip = _drifted(pictures, np.random.default_rng((args.seed, number)))
        _keep(args.pack / f"stills-{number}.planes.npy", clip, real, colour, (args.seed, number, 0, 1))


def _keep(part: Path, clip: list[Image], real: Real, colour: Colour, seed: Sequence[int]) -> None:
    """Write a part, where it is not there yet."""
    if part.exists():
        return
    seen, truth = windows(clip, real, Context(colour, NoEngines(), Memo(200)), seed)
    np.save(truth_of(part), truth)
    unfinished = part.with_name(f"{part.stem}.unfinished.npy")
    np.save(unfinished, seen)
    unfinished.replace(part)


def _drifted(pictures: Sequence[Path], rng: np.random.Generator) -> list[Image]:
    """Luma of a still that moves, and of parts of others that cross it, (208, 208) float32 each."""
    chosen = rng.choice(len(pictures), 1 + int(rng.integers(_CROSSING + 1)), replace=False)
    clip = drifting([picture(pictures[k]) for k in chosen], rng, _FRAMES)
    return [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip]


def _luma(path: Path) -> Image:
    codes = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if codes is None:
        raise ValueError(f"{path} is no picture")
    return codes.astype(np.float32) / np.float32(255)


if __name__ == "__main__":
    main()
