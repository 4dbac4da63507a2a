"""Scratch-Inpaint on damage of known truth, on clips that it was not tuned on, with peers in the same run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from bench import peers, repair_speed, stills
from bench.dirt import HELD_OUT, Damage, Image, damaged, load
from bench.repair_speed import median_of_three
from bench.table import Row, at_least, at_most
from interneg.colour import Colour, WorkingSpace
from interneg.defects.context import FILLER
from interneg.defects.dirt import softened
from interneg.defects.evidence import REACH, neighbours
from interneg.defects.repair import repaired
from interneg.engines.source import Engines
from interneg.frame import Frame, Window
from interneg.memo import Memo
from interneg.node import Context, View
from interneg.nodes.scratch_inpaint import ScratchInpaint

SEEDS = (1, 2, 3)
STARTS = (4, 20, 36)
FRAMES = 2
"""Consecutive frames that are looked at in each clip and seed."""

REPAIRED = 12 / 255
CHANGED = 0.5 / 255
GRAIN = 6 / 255
MEDIAN, HELD = "motion-compensated median of three", "the same where it differs by more than 24 codes"
TOOLS, TOOLS_HELD = "mvtools, median of three", "the same where it differs by more than 24 codes (mvtools)"
SCRATCHED = "DeScratch, then mvtools' median"
TRUE, OWN, TELEA = "true matte", "own detection", "OpenCV Telea, true matte"


@dataclass(frozen=True)
class Bench:
    """Renders windows of display-referred pictures in memory."""

    context: Context
    space: str

    def frames(self, pictures: Sequence[Image]) -> list[Frame]:
        """The pictures as frames."""
        return [
            Frame.of(p.transpose(2, 0, 1), number=n, colour_space=self.space) for n, p in enumerate(pictures)
        ]

    def window(self, pictures: Sequence[Image], at: int) -> Window:
        """The frames around the one at an index, which are there."""
        return Window(tuple(self.frames(pictures[at - REACH : at + REACH + 1])), REACH)

    def render(self, pictures: Sequence[Image], at: int, node: ScratchInpaint | None = None) -> Image:
        """The frame of an index through the node."""
        return self.rendered(self.window(pictures, at), node)

    def rendered(self, window: Window, node: ScratchInpaint | None = None) -> Image:
        """The frame of a window through the node."""
        made = (node or ScratchInpaint()).render(window, self.context)
        return np.ascontiguousarray(made.pixels.transpose(1, 2, 0))

    def filled(self, frames: Sequence[Damage], at: int) -> Image:
        """The frame of an index, filled where its own damage is, that of the frames around being known."""
        view = View(self.window([f.damaged for f in frames], at), WorkingSpace.LOG_RGB, self.context)
        around = neighbours(view)
        spoils = {n.offset: frames[at + n.offset].labels > 0 for n in around}
        matte = softened(frames[at].labels > 0, 0, 0)
        filler = partial(self.context.engines.open, FILLER)
        planes = repaired(view, matte, around, spoils=spoils, filler=filler)
        made = self.context.colour.leave(planes, self.space, WorkingSpace.LOG_RGB).transpose(1, 2, 0)
        return np.where(matte[..., None] > 0, made, frames[at].damaged)


def rows(shared: Path, out: Path) -> Iterator[Row]:
    """Measure everything that the pictures at hand allow."""
    clips = shared / "footage" / "clips"
    if not clips.is_dir():
        print(f"no clips at {clips}: the rows of defects are left out")
        return
    if not peers.there():
        print(peers.MISSING)
    colour = Colour()
    bench = Bench(Context(colour, Engines(), Memo(120)), colour.resolve("texture_paint"))
    yield from synthetic(bench, clips, out)
    yield from clean(bench, clips)
    yield from grain(bench, clips)
    yield from repair_speed.rows(bench, shared / "footage")
    yield from stills.rows(shared, bench.context, bench.space, out)


def synthetic(bench: Bench, clips: Path, out: Path) -> Iterator[Row]:
    """Spots and two scratches in each frame, with the true matte and found by itself."""
    figures: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
    for name in HELD_OUT:
        for seed, start in zip(SEEDS, STARTS, strict=True):
            frames = damaged(load(clips / name, start, FRAMES + 2 * REACH), 100 * seed + len(name))
            pictures = [f.damaged for f in frames]
            done: dict[str, list[Image]] = defaultdict(list)
            for at in range(REACH, REACH + FRAMES):
                made = {
                    TRUE: bench.filled(frames, at),
                    OWN: bench.render(pictures, at),
                    TELEA: telea(frames[at]),
                    MEDIAN: (median := median_of_three(pictures, at)),
                    HELD: held(median, pictures[at]),
                    **of_tools(pictures, at),
                }
                for kind, picture in made.items():
                    figures[kind][name].append(figures_of(frames[at], picture))
                    done[kind].append(picture)
            for a, b in zip(range(FRAMES - 1), range(1, FRAMES), strict=True):
                first, second = frames[REACH + a], frames[REACH + b]
                where = (first.labels > 0) | (second.labels > 0)
                clean = np.abs(second.clean - first.clean)[where].mean()
                changes = [np.abs(done[kind][b] - done[kind][a])[where].mean() for kind in (TRUE, OWN)]
                figures["steady"][name].append([float(c / clean) for c in changes])
        shown = np.vstack([pictures[at], done[OWN][-1], frames[at].clean])
        codes = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)
        cv2.imwrite(str(out / f"defects_{name}.png"), codes[..., ::-1])
    yield from _table(figures)


def _table(figures: dict[str, dict[str, list[list[float]]]]) -> Iterator[Row]:
    means = {kind: np.array([np.mean(f, axis=0) for f in of.values()]) for kind, of in figures.items()}
    worst = {kind: np.array([f for fs in of.values() for f in fs]) for kind, of in figures.items()}
    goals = {TRUE: (92, None, 30), OWN: (85, 90, 26)}
    for kind in (k for k in (TRUE, OWN, TELEA, MEDIAN, HELD, TOOLS, TOOLS_HELD, SCRATCHED) if k in means):
        mean, every = means[kind].mean(axis=0), worst[kind]
        alike = goals.get(kind, (None, None, None))
        said = ("of dirt and scratches, share repaired", "of dirt alone", "PSNR inside")
        for k, (what, goal, unit) in enumerate(zip(said, alike, ("%", "%", "dB"), strict=True)):
            text = f"{kind}: {what} (worst frame {every[:, k].min():.1f})"
            if goal is None:
                yield Row(text, "", f"{mean[k]:.1f} {unit}", None)
            else:
                yield at_least(text, goal, float(mean[k]), unit)
        text = f"{kind}: clean pixels changed (worst frame {every[:, 3].max():.2f})"
        if kind == OWN:
            yield at_most(text, 0.1, float(mean[3]), "%")
            yield Row(f"{kind}: of these, by more than 4 codes", "", f"{mean[4]:.3f} %", None)
        else:
            yield Row(text, "", f"{mean[3]:.2f} %", None)
    for kind, mean, most in zip(
        (TRUE, OWN), means["steady"].mean(axis=0), worst["steady"].max(axis=0), strict=True
    ):
        text = f"{kind}: damaged places, change to the next frame over the clean clip's (worst {most:.2f})"
        yield at_most(text, 1.2, float(mean), "times")


def figures_of(frame: Damage, made: Image) -> list[float]:
    """Shares repaired, of all and of dirt, in percent; PSNR inside; clean pixels changed; by over 4 codes."""
    error = np.abs(made - frame.clean).mean(axis=-1)
    hit = {}
    for number in np.unique(frame.labels[frame.labels > 0]):
        hit[number] = error[frame.labels == number].mean() < REPAIRED
    inside = frame.labels > 0
    psnr = -10 * np.log10(np.square(made - frame.clean)[inside].mean())
    change = np.abs(made - frame.damaged).max(axis=-1)[~inside]
    dirt = [h for n, h in hit.items() if n <= frame.spots]
    shares = (np.mean(list(hit.values())), np.mean(dirt))
    return [100 * float(s) for s in shares] + [
        float(psnr),
        100 * float((change > CHANGED).mean()),
        100 * float((change > 4 / 255).mean()),
    ]


def clean(bench: Bench, clips: Path) -> Iterator[Row]:
    """Clean clips of fast motion: what is repaired there is false."""
    shares = []
    for name in HELD_OUT:
        for start in (8, 16, 24, 32, 40):
            pictures = load(clips / name, start, 2 * REACH + 1)
            change = np.abs(bench.render(pictures, REACH) - pictures[REACH]).max(axis=-1)
            shares.append(100 * float((change > CHANGED).mean()))
    yield at_most("clean fast clips: pixels changed, mean", 0.05, float(np.mean(shares)), "%")
    yield at_most("clean fast clips: pixels changed, worst frame", 0.2, max(shares), "%")


def grain(bench: Bench, clips: Path) -> Iterator[Row]:
    """Film with grain of 6 codes: the fine variance of repairs over that of the clean picture there."""
    ratios = []
    for name, start in zip(HELD_OUT, STARTS, strict=True):
        rng = np.random.default_rng(start)
        grainy = [
            np.clip(p + rng.normal(0, GRAIN, p.shape).astype(np.float32), 0, 1)
            for p in load(clips / name, start, 2 * REACH + 1)
        ]
        frames = damaged(grainy, start, scratches=0)
        made, frame = bench.render([f.damaged for f in frames], REACH), frames[REACH]
        for number in range(1, frame.spots + 1):
            where = cv2.erode(np.uint8(frame.labels == number), np.ones((3, 3), np.uint8)) > 0
            fixed = np.abs(made - frame.clean)[where].mean() < 3 * GRAIN if where.any() else False
            if fixed and where.sum() > 50:
                fine = [np.var((p - cv2.blur(p, (3, 3)))[where]) for p in (made, frame.clean)]
                ratios.append(fine[0] / fine[1])
    text = "grain of 6 codes: fine variance of a repaired patch over the clean one's"
    text += f", mean; single patches {min(ratios):.2f} to {max(ratios):.2f}"
    yield at_least(text, 0.8, float(np.mean(ratios)), "times")
    yield at_most(text, 1.25, float(np.mean(ratios)), "times")


def held(made: Image, picture: Image) -> Image:
    """What was made, where it differs from the picture by more than 24 codes of 8 bits."""
    return np.where(np.abs(made - picture).max(-1, keepdims=True) > 24 / 255, made, picture)


def of_tools(pictures: Sequence[Image], at: int) -> dict[str, Image]:
    """What VapourSynth's filters make of a frame, where they are installed."""
    if not peers.there():
        return {}
    near = np.stack(pictures[at - 1 : at + 2])
    median = peers.vapoursynth("median", near)[0][1]
    scratched = peers.vapoursynth("median", peers.vapoursynth("descratch", near)[0])[0][1]
    return {TOOLS: median, TOOLS_HELD: held(median, pictures[at]), SCRATCHED: scratched}


def telea(frame: Damage) -> Image:
    """OpenCV's inpainting of the true matte, 5 pixels' radius."""
    codes = np.rint(255 * frame.damaged).astype(np.uint8)
    return cv2.inpaint(codes, np.uint8(frame.labels > 0), 5, cv2.INPAINT_TELEA).astype(np.float32) / 255
