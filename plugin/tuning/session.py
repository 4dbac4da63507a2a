"""A training from the plates to the entry: read, fitted, trained, judged on other frames, kept."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from interneg.colour import Colour
from interneg.engines.importing.keeping import require_free
from interneg.engines.models import Model, load_catalogue, read_entry
from interneg.engines.source import Engines
from interneg.engines.tuning.entry import TrainedCard, keep
from interneg.engines.tuning.fitting import best_told
from interneg.engines.tuning.machine import Device, load, save, takes_bf16
from interneg.engines.tuning.samples import Samples
from interneg.engines.tuning.start import weights_of
from interneg.engines.tuning.tuner import Plan, Standing, Tuner
from interneg.errors import EngineError, InputError
from interneg.io import open_clip
from interneg.plugin.tuning.aligned import require_aligned
from interneg.plugin.tuning.damage import LaidDamage, changed
from interneg.plugin.tuning.frames import frames, parts
from interneg.plugin.tuning.judge import HeldFrames
from interneg.plugin.tuning.measured import measured
from interneg.plugin.tuning.order import OURS, TrainingOrder
from interneg.plugin.tuning.plates import Plates, Reel
from interneg.plugin.tuning.split import Split, split, spread

_MOST_FRAMES, _RUN = 240, 4
_CHOSEN, _CHOSEN_PARTS, _FITTED = 8, 16, 12
_JUDGED, _TRIED, _ALIGNED = 12, 2, 5
# Fewer frames held out than this tell little.
_FEW = 4
_LEAST_GAIN = 0.02
"""dB."""


class Report(Protocol):
    """Where a training reports to."""

    def say(self, text: str) -> None:
        """Tell something, in a line."""

    def check(self, check: Standing) -> None:
        """The held-out parts were looked at."""

    def read(self, done: int, total: int) -> None:
        """So many frames are read, of so many."""

    def tick(self, seconds: float, end: float) -> None:
        """So many seconds are spent, of so many."""


class Trained(NamedTuple):
    """What came of a training. entry: None where it was stopped before its end, and can go on."""

    entry: Path | None
    figures: Mapping[str, float]
    scale: int


def train(
    order: TrainingOrder, device: Device, report: Report, stopped: Callable[[], bool] = lambda: False
) -> Trained:
    """Train a model on plates and keep it.

    stopped: asked after each step. Raises UsageError for what was asked wrongly, InputError for plates that
    cannot be read, EngineError where nothing was gained, OutputError where it cannot be kept,
    KeyboardInterrupt where it was stopped before it began.
    """
    order.check()
    models = load_catalogue()
    require_free(order.name, models, order.folder, order.overwrite)
    if order.restart:
        order.state.unlink(missing_ok=True)
    saved = load(order.state, order.mark)
    colour = Colour()
    plates = Plates(order.clean, order.damaged, colour, order.space)
    try:
        found = split([len(take.pairs) for take in plates.takes])
        damage = _damage(order, plates, found, colour, report)
        if not order.damaged and not damage.words:
            raise InputError(
                f"{order.like} shows no damage beside the clean plates, neither noise nor blur nor "
                "compression that its file tells of: say what it is with --noise, --blur or --qp"
            )
        scale = max(plates.scale, damage.scale)
        start = order.begins_from(models, scale)
        told = weights_of(start)
        if order.damaged:
            require_aligned(frames(plates, spread(found.train, _ALIGNED), damage, colour), scale)
        report.say(f"damage: {_words(order, damage)}")
        counts = len(found.choose), len(found.report)
        few = "; so few tell little: give more frames" if min(counts) < _FEW else ""
        report.say(f"held out: {found.words}; frames to choose by: {counts[0]}, to report: {counts[1]}{few}")
        train_, choose = _samples(order, plates, found, damage, colour, device, report, stopped)
        judge = HeldFrames(frames(plates, spread(found.report, _JUDGED), damage, colour), scale, colour)
        trial = HeldFrames(frames(plates, spread(found.choose, _TRIED), damage, colour), scale, colour)
    finally:
        plates.close()
    if saved is None:
        some = Samples(*(tensor[:: max(1, len(tensor) // _FITTED)] for tensor in
                         (train_.clean, train_.seen, train_.sigma)))  # fmt: skip
        told = best_told(start.variant, scale, told, some, device)
    plan = Plan.usual(
        start.variant,
        scale,
        60 * order.minutes,
        takes_bf16(device),
        device.type == "cuda",
        min(train_.seen.shape[-2:]),
    )
    tuner = Tuner(replace(plan, seed=order.seed), told, train_, choose, device)
    if saved is not None:
        tuner.restore(saved)
        report.say(f"goes on after {tuner.seconds / 60:.1f} minutes of training")

    kept = partial(_keep_state, order, tuner)
    if not tuner.run(report.check, stopped, kept, report.tick):
        return Trained(None, {}, scale)
    report.say(f"{tuner.step} steps; measuring on frames that took no part")
    figures = _figures(order, start, tuner, models, judge, trial)
    sources = [f"{take.clean.name} ({len(take.pairs)} frames)" for take in plates.takes]
    card = TrainedCard(
        order.name, start, sources, _words(order, damage), _held(found), figures, order.command, tuner.step,
        tuner.seconds / 60, order.seed, order.licence,
        models[order.name].version + 1 if order.name in models else 1,
    )  # fmt: skip
    entry, _ = keep(card, tuner.best_weights, order.folder)
    order.state.unlink(missing_ok=True)
    return Trained(entry, figures, scale)


def _keep_state(order: TrainingOrder, tuner: Tuner) -> None:
    save(order.state, order.mark, tuner.state)


def _damage(order: TrainingOrder, plates: Plates, found: Split, colour: Colour, report: Report) -> LaidDamage:
    if order.damaged:
        return LaidDamage()
    if order.like is None:
        return changed(LaidDamage(), order.blur, order.noise, order.qp, order.scale)
    with closing(open_clip(order.like)) as clip:
        like = Reel(order.like, clip, colour, order.space)
        plain = LaidDamage(scale=order.scale)
        some = [both.damaged for both in frames(plates, spread(found.train, 3), plain, colour)]
        said = {"noise": order.noise, "blur": order.blur, "qp": order.qp}
        known = [what for what, value in said.items() if value is not None]
        return changed(
            measured(like, some, colour, known, report.say), order.blur, order.noise, order.qp, order.scale
        )


def _samples(
    order: TrainingOrder,
    plates: Plates,
    found: Split,
    damage: LaidDamage,
    colour: Colour,
    device: Device,
    report: Report,
    stopped: Callable[[], bool],
) -> tuple[Samples, Samples]:
    run = _RUN if damage.coding else 1
    runs = spread(found.train, _MOST_FRAMES, run)
    total, counted = sum(map(len, runs)), itertools.count(1)
    report.say(f"reading {total} frames to train on")

    def done() -> None:
        report.read(next(counted), total)
        if stopped():
            raise KeyboardInterrupt

    train_ = parts(plates, runs, damage, colour, order.seed, done=done)
    choose = parts(plates, spread(found.choose, _CHOSEN, run), damage, colour, order.seed + 1, _CHOSEN_PARTS)
    return Samples.of(train_, device), Samples.of(choose, device)


def _figures(
    order: TrainingOrder,
    start: Model,
    tuner: Tuner,
    models: Mapping[str, Model],
    judge: HeldFrames,
    trial: HeldFrames,
) -> dict[str, float]:
    """PSNR on the frames to report. Raises EngineError where the trained model gains nothing."""
    with tempfile.TemporaryDirectory() as place:
        bare = TrainedCard(order.name, start, (), "", "", {}, "", 0, 0, 0, "")
        entry, _ = keep(bare, tuner.best_weights, Path(place))
        made = read_entry(entry)
        engines = Engines(models={**models, order.name: made})
        knobs: dict[str, Any] = {"model": order.start}
        before = order.start
        if order.start in OURS:
            knobs = trial.best(engines, order.start)
            before += f" at its best, noise={knobs['noise']} and deblock={knobs['deblock']}"
        figures = {
            "as damaged": judge.plain(),
            before: judge.restored(engines, knobs),
            "this model": judge.restored(engines, {"model": order.name}),
        }
    _, was, now = figures.values()
    if now < was + _LEAST_GAIN:
        raise EngineError(
            f"nothing was gained on the held-out frames: {order.start} {was:.2f} dB, trained {now:.2f} dB. "
            "No model is kept; more and more various plates may help, or the same command with more --minutes"
        )
    return figures


def _words(order: TrainingOrder, damage: LaidDamage) -> str:
    if order.damaged:
        return "that of " + ", ".join(path.rstrip("/").rpartition("/")[2] for path in order.damaged)
    return ", ".join(damage.words) or "none"


def _held(found: Split) -> str:
    return f"{found.words}: {len(found.choose)} frames chose the weights, {len(found.report)} are reported"
