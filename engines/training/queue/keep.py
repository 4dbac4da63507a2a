"""What is kept of a stretch of training: the best averaged weights of each run, to be committed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from interneg.engines.training.queue.place import CHECKPOINTS, QueueFolder
from interneg.engines.training.queue.runs import QueuedRun
from interneg.engines.training.run import save_whole


def keep_weights(runs: Sequence[QueuedRun], place: QueueFolder, folder: Path = CHECKPOINTS) -> Iterator[str]:
    """Copy the best averaged weights of each run to `folder`; says a line for each that was."""
    for run in runs:
        best = place.best(run.name)
        if not best.exists():
            continue
        saved = torch.load(best, map_location="cpu", weights_only=True)
        figure = saved.pop("figure")
        save_whole(saved, folder / f"{run.name}.pt")
        yield f"{run.name}: {run.figure} {figure:.2f}, at step {saved['step']}"
