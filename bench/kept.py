"""What Scratch-Inpaint takes for damage of what is fast, small and belongs to the scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from bench.defects import CHANGED, SEEDS, STARTS, Bench
from bench.dirt import HELD_OUT, load
from bench.scene_things import THINGS
from bench.table import Row, at_most
from interneg.colour import Colour
from interneg.defects.evidence import REACH
from interneg.engines.source import Engines
from interneg.memo import Memo
from interneg.node import Context

MOST = 1.0
"""Percent of the pixels of such things that may change."""

SHOWN = 4 / 255
"""What changes a pixel by more belongs to the thing."""


def rows(shared: Path, out: Path) -> Iterator[Row]:
    """Each thing on the clips that nothing was tuned on: which share of its pixels the node changes."""
    clips = shared / "footage" / "clips"
    if not clips.is_dir():
        print(f"no clips at {clips}: what belongs to a scene is not drawn")
        return
    colour = Colour()
    bench = Bench(Context(colour, Engines(), Memo(120)), colour.resolve("texture_paint"))
    for thing in THINGS:
        shares, pictures = [], []
        for name, seed, start in zip(HELD_OUT, SEEDS, STARTS, strict=True):
            clean = load(clips / name, start, 2 * REACH + 1)
            clip = [p.copy() for p in clean]
            thing(clip, np.random.default_rng(seed))
            given = [np.rint(255 * np.clip(p, 0, 1)).astype(np.float32) / np.float32(255) for p in clip]
            made = bench.render(given, REACH)
            own = np.abs(given[REACH] - clean[REACH]).max(axis=-1) > SHOWN
            changed = np.abs(made - given[REACH]).max(axis=-1) > CHANGED
            shares.append(100 * float(changed[own].mean()))
            pictures.append(np.vstack([given[REACH], made]))
        codes = np.rint(255 * np.clip(np.hstack(pictures), 0, 1)).astype(np.uint8)
        cv2.imwrite(str(out / f"kept_{thing.__name__}.png"), codes[..., ::-1])
        text = f"{thing.__name__.replace('_', ' ')}: its pixels changed (worst clip {max(shares):.1f})"
        yield at_most(text, MOST, float(np.mean(shares)), "%")
