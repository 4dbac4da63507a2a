"""The runs of the queue as `queue.toml` states them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from interneg.engines.training.networks import NETWORKS
from interneg.errors import InputError, UsageError

FILE = Path(__file__).parents[1] / "queue.toml"


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of a run with one set of options of `train.py`.

    hours: at most so long. cooldown: steps in which the rate falls at its end; 0 in all stages but the last.
    """

    hours: float
    options: Mapping[str, int | float]
    cooldown: int = 0


class QueuedRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One network at one scale.

    start: names of checkpoints to begin from, the first that is there. figure: what it is judged by. goals:
    what that shall reach, one after the other, in dB.
    """

    name: str
    network: str
    scale: int
    figure: str
    goals: list[float]
    stage: list[Stage]
    start: list[str] = []

    @property
    def over_time(self) -> bool:
        """Whether it needs a pack of windows."""
        return self.network == "temporal"


class _Queue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    run: list[QueuedRun]


def load(path: Path = FILE) -> list[QueuedRun]:
    """The runs in order. Raises InputError where the file cannot be read, or says what cannot be."""
    try:
        runs = msgspec.toml.decode(path.read_bytes(), type=_Queue).run
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"{path} is no queue of training runs: {error}") from error
    names = [run.name for run in runs]
    for run in runs:
        if names.count(run.name) > 1:
            raise InputError(f"{path}: two runs are named {run.name!r}; give each a name of its own")
        if run.network not in NETWORKS:
            raise InputError(f"{path}: {run.name} trains {run.network!r}, not one of {', '.join(NETWORKS)}")
        if not run.stage or not run.stage[-1].cooldown or any(stage.cooldown for stage in run.stage[:-1]):
            raise InputError(
                f"{path}: the last stage of {run.name}, and no other, must have a cooldown in steps"
            )
    return runs


def named(runs: list[QueuedRun], names: Collection[str]) -> list[QueuedRun]:
    """The runs of these names, in the queue's order; all where none is named. Raises UsageError."""
    known = [run.name for run in runs]
    for name in names:
        if name not in known:
            raise UsageError(f"there is no run '{name}' in the queue; there are {', '.join(known)}")
    return [run for run in runs if not names or run.name in names]
