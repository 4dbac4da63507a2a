"""Make a pack of windows: clips with damage as Denoise-SR's network over time sees them, and their truth.

    python -m interneg.engines.training.windows OUT.npz --clips DIR... --stills DIR... --data "TEXT"...

Motion, likeness and average are those of the node, made by its own code, with the noise of each frame drawn
once. The pack is an uncompressed `.npz`: `stack` float16 (N, PLANES, 128, 128) as `restore.stack` orders its
planes, `target` float16 (N, 3, 128, 128) Y, Cb, Cr, `held` int8 (N,): -1 for what is trained on, else how
many frames on each side a window has whose clip is held out, and `data`, what they were made of.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from interneg.colour import Colour, WorkingSpace
from interneg.engines.models import load_catalogue
from interneg.engines.training import scenes
from interneg.engines.training.onnx_nets import Compiled
from interneg.engines.training.scenes import FRAMES
from interneg.engines.training.wear import Worn, white, worn
from interneg.frame import Frame, Pixels, Window
from interneg.grain.noise import white as white_deviations
from interneg.memo import Memo
from interneg.publish import replacing
from interneg.restore.cleaned import CLEANER, cleaned
from interneg.restore.coding import average
from interneg.restore.stack import Stack
from interneg.restore.trained import noise_seen, see
from interneg.view import Context, View

SIDE = 128
HELD_EVERY = 10
HELD_SIGMA = 25.0
_SPACE = "sRGB Encoded Rec.709 (sRGB)"


class Cleaner:
    """An engine, and the source of it, that runs the catalogue's network of `CLEANER`."""

    scale, name, identity = 1, CLEANER, CLEANER

    def __init__(self, threads: int) -> None:
        model = load_catalogue()[CLEANER]
        self._net, self._multiple = Compiled(model.read("fp32"), model.multiple, threads), model.multiple

    def open(self, model: str) -> "Cleaner":
        """The engine, whatever `model` says: windows need no other."""
        return self

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        """(6, H, W) to the correction (3, H, W), float32; H and W are even in all windows."""
        found: Pixels = self._net(torch.from_numpy(planes[None]))[0].numpy()
        return found


class Sample(NamedTuple):
    """One window: its stack (PLANES, H, W) and its truth (3, H, W), float32 in LOG_Y."""

    stack: Pixels
    truth: Pixels


def stacked(noisy: Worn, at: Sequence[int], centre: int, context: Context) -> Sample | None:
    """What the network sees of the frames numbered `at`, of which the one at `centre` is to be restored.

    at: at an end of the clip its last frame repeats. Returns None where there is nothing to remove.
    """
    frames = {n: _frame(noisy.frames[n], n) for n in at}
    view = View(Window(tuple(frames[n] for n in at), centre), WorkingSpace.LOG_Y, context)
    planes = view.planes()
    net = np.zeros((6, *planes.shape[1:]), np.float32)
    count = see(planes, net)
    level, told = noisy.level, noisy.told

    def deviations(seen: Pixels, offset: int) -> tuple[Pixels, Pixels]:
        return (
            white_deviations(told / 255, len(seen))
            if told is not None
            else noise_seen(view, offset).map(seen)
        )

    seen = net[: len(planes)]
    net[3:5] = deviations(net[:count], 0)
    net[5] = level
    if not net[3:].any():
        return None
    stack = Stack.of(net)
    given = planes.copy()
    looked = cleaned(view, f"{told}", level, deviations)
    given[:count], net[3:5] = average(
        view, count, level, lambda offset: deviations(seen[:count], offset), looked, stack.add
    )
    see(given, net)
    truth = View(Window((_frame(noisy.truth[at[centre]], 0),), 0), WorkingSpace.LOG_Y, context).planes()
    return Sample(stack.finished(net), truth)


def _frame(picture: Pixels, number: int) -> Frame:
    return Frame.of(np.ascontiguousarray(picture.transpose(2, 0, 1)), colour_space=_SPACE, number=number)


def _shown(centre: int, count: int, dice: np.random.Generator) -> tuple[list[int], int]:
    """Which frames of a clip a window has: five, three, or, beside a cut, those of one side."""
    roll = dice.random()
    radius = 2 if roll < 0.62 or roll > 0.86 else 1
    at = [min(max(n, 0), count - 1) for n in range(centre - radius, centre + radius + 1)]
    if roll > 0.86:
        early = dice.random() < 0.5
        at = [max(n, centre) if early else min(n, centre) for n in at]
    return at, radius


def of_clip(clip: list[Pixels], dice: np.random.Generator, context: Context) -> Iterator[Sample]:
    """Some windows of one clean clip, (H, W, 3) float32 each, with damage that is drawn."""
    if dice.random() < 0.25:
        clip = scenes.brightened(clip, dice)
    noisy = worn(clip, dice)
    centres = [2] if len(clip) == FRAMES else list(range(2, len(clip) - 1, 2))
    for centre in centres:
        at, radius = _shown(centre, len(clip), dice)
        sample = stacked(noisy, at, radius, context)
        if sample is not None:
            yield sample


def held_of(clip: list[Pixels], dice: np.random.Generator, context: Context) -> Iterator[tuple[int, Sample]]:
    """The same damaged frame, (H, W, 3), seen alone, with one and with two frames on each side."""
    centre = len(clip) // 2
    noisy = white(clip, HELD_SIGMA, dice)
    for radius in (0, 1, 2):
        sample = stacked(noisy, range(centre - radius, centre + radius + 1), radius, context)
        assert sample is not None
        yield radius, sample


def make(
    clips: Sequence[Path], stills: Sequence[Path], count: int, seed: int, threads: int
) -> dict[str, NDArray[np.generic]]:
    """Gather windows until there are `count` to train on. Returns the pack's arrays, (N, ...), by name."""
    dice = np.random.default_rng(seed)
    context = Context(Colour(), Cleaner(threads), Memo(48))
    folders, pictures = scenes.folders(clips), scenes.stills(stills)
    stacks: list[Pixels] = []
    truths: list[Pixels] = []
    held: list[int] = []

    def keep(sample: Sample, kind: int) -> None:
        height, width = sample.truth.shape[1:]
        spots = (
            [(height - SIDE) // 2, (width - SIDE) // 2]
            if kind >= 0
            else dice.integers(0, [height - SIDE + 1, width - SIDE + 1])
        )
        top, left = map(int, spots)
        part = np.s_[:, top : top + SIDE, left : left + SIDE]
        stacks.append(sample.stack[part].astype(np.float16))
        truths.append(sample.truth[part].astype(np.float16))
        held.append(kind)

    for number, folder in enumerate(folders):
        if number % HELD_EVERY == HELD_EVERY - 1:
            for radius, sample in held_of(scenes.filmed(folder), np.random.default_rng(number), context):
                keep(sample, radius)
    shown = [f for n, f in enumerate(folders) if n % HELD_EVERY != HELD_EVERY - 1]
    first = len(held)
    while len(held) - first < count:
        if dice.random() < 0.5 and shown:
            clip = scenes.filmed(shown[int(dice.integers(len(shown)))])
        else:
            chosen = dice.choice(len(pictures), int(dice.integers(1, 5)), replace=False)
            drawn = [scenes.picture(pictures[int(n)]) for n in chosen]
            clip = (scenes.sky if dice.random() < 0.3 else scenes.drifting)(drawn, dice)
        for sample in of_clip(clip, dice, context):
            keep(sample, -1)
        if len(held) // 50 > (len(held) - 3) // 50:
            print(f"{len(held)} windows", flush=True)
    return {"stack": np.stack(stacks), "target": np.stack(truths), "held": np.array(held, np.int8)}


def main(argv: list[str] | None = None) -> None:
    """The command: writes a pack of windows, and says how large it is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("out", type=Path)
    add("--clips", type=Path, nargs="*", default=[])
    add("--stills", type=Path, nargs="*", default=[])
    add("--data", nargs="*", default=[], metavar="TEXT", help="what they are, with licences, for model cards")
    add("--count", type=int, default=1200, help="windows to train on")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    if args.out.suffix != ".npz":
        parser.error(f"{args.out} does not end in .npz, which is what a pack is")
    arrays = make(args.clips, args.stills, args.count, args.seed, args.threads)
    with replacing(args.out) as temporary:
        np.savez(temporary, data=np.array(args.data, np.str_), **arrays)  # type: ignore[arg-type]
    print(f"{len(arrays['held'])} windows, {args.out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
