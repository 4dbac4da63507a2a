"""What INT8 changes in the repairs of Scratch-Inpaint, on a clip that it was not tuned on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.defects import SEEDS, STARTS, Bench, figures_of
from bench.dirt import HELD_OUT, damaged, load
from bench.table import Row, at_least, at_most
from interneg.colour import Colour
from interneg.defects.evidence import REACH
from interneg.engines.models import Precision
from interneg.engines.source import Engines
from interneg.memo import Memo
from interneg.node import Context
from interneg.nodes.scratch_inpaint import ScratchInpaint

CLIP = HELD_OUT[0]
PRECISIONS: tuple[Precision, ...] = ("fp32", "int8")


def rows(clips: Path) -> Iterator[Row]:
    """A frame for each seed, with both networks in fp32 and in INT8 on OpenVINO."""
    if not clips.is_dir():
        return
    colour = Colour()
    space, node = colour.resolve("texture_paint"), ScratchInpaint(defects=True)
    shares: dict[str, list[float]] = {p: [] for p in PRECISIONS}
    apart, other = [], []
    for seed, start in zip(SEEDS, STARTS, strict=True):
        frames = damaged(load(clips / CLIP, start, 2 * REACH + 1), 100 * seed + len(CLIP))
        pictures, made = [f.damaged for f in frames], {}
        for precision in PRECISIONS:
            context = Context(colour, Engines("openvino", precision), Memo(120))
            made[precision] = Bench(context, space).render(pictures, REACH, node)
            shares[precision].append(figures_of(frames[REACH], made[precision][..., :3])[0])
        exact, coarse = (made[p] for p in PRECISIONS)
        mattes = [m[..., 3:].max(axis=-1) > 0 for m in (exact, coarse)]
        apart.append(255 * float(np.abs(coarse - exact)[mattes[0] & mattes[1]][..., :3].mean()))
        other.append(100 * float((mattes[0] ^ mattes[1]).sum() / mattes[0].sum()))
    what = f"Scratch-Inpaint in INT8 against fp32, {CLIP}, {len(SEEDS)} frames"
    exactly, coarsely = (float(np.mean(shares[p])) for p in PRECISIONS)
    text = f"{what}: damage repaired (fp32: {exactly:.1f} %)"
    yield at_least(text, round(exactly - 0.5, 1), coarsely, "%")
    yield at_most(f"{what}: mean difference of what both repair, codes", 1.0, float(np.mean(apart)))
    yield Row(f"{what}: pixels that one of them alone repairs", "", f"{np.mean(other):.2f} %", None)
