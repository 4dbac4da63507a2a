"""What Scratch-Inpaint finds of real damage, kind by kind, apart on what it was tuned with and on the rest.

Pieces of real damage are laid on clean clips; and so is damage in the shapes, sizes and places that were
annotated on real scans; SEEDS times each. A pixel on damage, however faint, or beside it counts as right;
what changes a picture by less than SEEN, or is hardly opaque, has not to be found. Dirt is scored twice: all
of it, and what is 3 pixels long or more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from bench import annotated, elements
from bench.defects import STARTS, Bench
from bench.dirt import HELD_OUT, TUNED, Image, load
from bench.table import Row
from interneg.colour import Colour
from interneg.defects.evidence import REACH
from interneg.engines.source import Engines
from interneg.engines.training import find_scans
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes.scratch_inpaint import ScratchInpaint

SEEN = 16 / 255
GOAL = 0.8
"""Of precision and of recall, of dirt and of scratches."""

SEEDS = 3

_OPAQUE, _FAINT, _BESIDE, _LEAST, _LONG = 0.3, 0.05, 3, 7, 3
_LOOKED_FOR = ScratchInpaint(defects=True)


@dataclass
class Score:
    """Pixels found of those seen, right of those found; which pieces are found by half or more; by frame."""

    frames: list[tuple[float, float, float, float]] = field(default_factory=list)
    pieces: list[bool] = field(default_factory=list)

    def add(
        self, found: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_], seen: npt.NDArray[np.bool_]
    ) -> None:
        """A frame: what was found, what is damaged, and what of that has to be found, (H, W) each."""
        right = found & elements.near(true, _BESIDE)
        self.frames.append(((found & seen).sum(), seen.sum(), right.sum(), found.sum()))
        count, labels, facts, _ = cv2.connectedComponentsWithStats(np.uint8(seen), connectivity=8)
        for k in range(1, count):
            if facts[k, cv2.CC_STAT_AREA] >= _LEAST:
                self.pieces.append(bool(found[labels == k].mean() > 0.5))

    def row(self, what: str, goal: bool) -> Row:
        """Precision and recall of all frames together, and the worst frame of each."""
        every = np.array(self.frames)
        hit, seen, right, found = every.sum(axis=0)
        precision, recall = right / max(found, 1), hit / max(seen, 1)
        worst = (
            (every[:, 2] / np.maximum(every[:, 3], 1)).min(),
            (every[:, 0] / np.maximum(every[:, 1], 1)).min(),
        )
        figure = f"{precision:.2f}, {recall:.2f} (worst frame {worst[0]:.2f}, {worst[1]:.2f})"
        text = (
            f"{what}: pixels, precision and recall; recall of {len(self.pieces)} pieces of 7 pixels or more"
        )
        met = bool(min(precision, recall) >= GOAL) if goal else None
        return Row(text, "≥ 0.8, ≥ 0.8" if goal else "", f"{figure}; {np.mean(self.pieces):.2f}", met)


def rows(shared: Path) -> Iterator[Row]:
    """Each kind of pieces, and each kind of what was annotated, on clips that were tuned on and on others."""
    clips, archive = shared / "footage" / "clips", shared / "damage" / "damage.tar"
    if not clips.is_dir() or not archive.is_file():
        print(f"no clips at {clips}, or no real damage at {archive}: real damage is left out")
        return
    colour = Colour()
    bench = Bench(Context(colour, Engines(), Memo(120)), colour.resolve("texture_paint"))
    for held in (True, False):
        half, names = ("held out", HELD_OUT) if held else ("tuned on", TUNED)
        for kind in elements.KINDS:
            pieces, score, large = elements.read(archive, kind, held), Score(), Score()
            for seed, at in _places(len(names)):
                clean = load(clips / names[at], STARTS[at], 2 * REACH + 1)
                frames, covers = elements.laid(clean, pieces, seed)
                visible = (covers[REACH] > _OPAQUE) & _differs(frames, clean)
                found, true = found_in(bench, frames), covers[REACH] > _FAINT
                score.add(found, true, visible)
                if kind == "dirt":
                    large.add(found, true, _long(visible))
            yield score.row(f"{half}: {kind}", kind == "scratches")
            if kind == "dirt":
                yield large.row(f"{half}: {kind} of {_LONG} pixels or more", True)
        yield from _annotated(bench, clips, archive, held)


def _places(count: int) -> Iterator[tuple[int, int]]:
    """Seeds, and which of so many clips each is for."""
    for k in range(SEEDS * count):
        yield 1 + k % count + 10 * (k // count), k % count


def _annotated(bench: Bench, clips: Path, archive: Path, held: bool) -> Iterator[Row]:
    half, names = ("held out", HELD_OUT) if held else ("tuned on", TUNED)
    scores = {kind: Score() for kind in find_scans.KINDS}
    large = Score()
    for number, scan in enumerate(find_scans.read_scans(archive, held)):
        for repeat in range(SEEDS):
            at = (number + repeat) % len(names)
            clean = load(clips / names[at], STARTS[at], 2 * REACH + 1)
            frames, marked = annotated.laid(clean, scan, number + 100 * repeat)
            found, differs = found_in(bench, frames), _differs(frames, clean)
            true = {kind: cover > _FAINT for kind, cover in marked[REACH].items()}
            for kind, mask in true.items():
                others = np.logical_or.reduce([m for k, m in true.items() if k != kind])
                own = found & ~(elements.near(others, _BESIDE) & ~elements.near(mask, _BESIDE))
                visible = (marked[REACH][kind] > _OPAQUE) & differs
                scores[kind].add(own, mask, visible)
                if kind == "dirt":
                    large.add(own, mask, _long(visible))
    for kind, score in scores.items():
        if score.pieces:
            yield score.row(f"{half}, as annotated on scans: {kind}", kind == "scratches")
        if kind == "dirt":
            yield large.row(f"{half}, as annotated on scans: {kind} of {_LONG} pixels or more", True)


def found_in(bench: Bench, frames: Sequence[Image]) -> npt.NDArray[np.bool_]:
    """What the node finds in the middle one of five frames, (H, W)."""
    return np.asarray(bench.render(frames, REACH, _LOOKED_FOR)[..., 3:].max(axis=-1) > 0.5)


def _differs(frames: Sequence[Image], clean: Sequence[Image]) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(frames[REACH] - clean[REACH]).max(axis=-1) > SEEN)


def _long(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of what is marked, (H, W), the pieces that are _LONG pixels wide or high, or more."""
    _, labels, facts, _ = cv2.connectedComponentsWithStats(np.uint8(mask), connectivity=8)
    kept = np.maximum(facts[:, cv2.CC_STAT_WIDTH], facts[:, cv2.CC_STAT_HEIGHT]) >= _LONG
    kept[0] = False
    return np.asarray(kept[labels])
