"""What is kept of a stretch of training: the best averaged weights of each run, to be committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from interneg.engines.training.queue.place import CHECKPOINTS, QueueFolder
from interneg.engines.training.queue.runs import QueuedRun
from interneg.engines.training.run import save_whole


def keep_weights(runs: Sequence[QueuedRun], place: QueueFolder, folder: Path = CHECKPOINTS) -> Iterator[str]:
    """Copy the best averaged weights of each run to `folder` where they beat those there; a line for each."""
    for run in runs:
        best = place.best(run.name)
        if not best.exists():
            continue
        saved = torch.load(best, map_location="cpu", weights_only=True)
        figure, target = saved["figure"], folder / f"{run.name}.pt"
        before = torch.load(target, map_location="cpu", weights_only=True) if target.exists() else {}
        if before.get("figure", float("-inf")) >= figure:
            yield f"{run.name}: {run.figure} {figure:.2f} is no better than what is kept; left as it is"
            continue
        save_whole(saved, target)
        yield f"{run.name}: {run.figure} {figure:.2f}, at step {saved['step']}"
