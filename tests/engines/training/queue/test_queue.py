from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
import torch
from rich.console import Console

from interneg.engines.training import train
from interneg.engines.training.networks import build
from interneg.engines.training.queue import log, runs, work
from interneg.engines.training.queue.keep import keep_weights
from interneg.engines.training.queue.log import Check
from interneg.engines.training.queue.place import QueueFolder, resting
from interneg.engines.training.queue.runs import QueuedRun, Stage
from interneg.engines.training.queue.status import left, table
from interneg.engines.training.queue.work import Machine, Position
from interneg.errors import InputError, UsageError


def row(hours: float, value: float, stage: int = 0, state: log.RunState = "training", **more: int) -> Check:
    return Check(
        time="2026-01-01 00:00", run="a", stage=stage, state=state, until=more.get("until", 0),
        cooldown=more.get("cooldown", 0), step=more.get("step", int(1000 * hours)), hours=hours,
        figure="held x1", value=value, processor="a processor",
    )  # fmt: skip


def run(name: str = "a", **more: object) -> QueuedRun:
    options = {"batch": 2, "size": 40, "lr": 1e-3, "warmup": 2}
    facts = {"network": "lite", "scale": 1, "figure": "held x1", "goals": [30.0, 31.0]}
    facts |= {"stage": [Stage(1, options), Stage(2, options, cooldown=4)]}
    return QueuedRun(name=name, **(facts | more))  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> QueueFolder:
    return QueueFolder(tmp_path / "queue")


def test_the_queue_can_be_read_and_starts_from_what_is_there() -> None:
    queue = runs.load()
    checkpoints = {p.stem for p in (Path(runs.FILE).parent / "checkpoints").glob("*.pt")}
    assert [r.name for r in queue][:2] == ["standard-x2", "standard-x1"]
    for number, each in enumerate(queue):
        earlier = {r.name for r in queue[:number]}
        begin = {name for name in each.start if not name.startswith("plain")}
        assert begin <= earlier | checkpoints
        for stage in each.stage:
            words = [w for name, value in stage.options.items() for w in (f"--{name}", str(value))]
            words += ["--windows", "w"] if each.over_time else []
            words += ["--scales", str(each.scale)]
            train.parse([each.network, "--pack", "p", "--out", "o", *words])


STATED = """
[[run]]
name = "a"
network = "lite"
scale = 1
figure = "held x1"
goals = [30.0]

[[run.stage]]
hours = 1
cooldown = 100
options = { batch = 2 }
"""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("lite", "liet"), "a trains 'liet', not one of lite, standard"),
        (("cooldown = 100\n", ""), "the last stage of a, and no other, must have a cooldown"),
        (("scale = 1", "scale = 1\nsteps = 3"), "unknown field `steps`"),
        (("[[run]]", "[[run"), "is no queue of training runs"),
        ((STATED, STATED + STATED), "two runs are named 'a'"),
    ],
)
def test_what_a_queue_cannot_say_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "queue.toml"
    path.write_text(STATED)
    assert runs.load(path)[0].stage[0].cooldown == 100
    path.write_text(STATED.replace(*change))
    with pytest.raises(InputError, match=message):
        runs.load(path)


def test_runs_can_be_chosen_by_name() -> None:
    queue = [run("a"), run("b"), run("c")]
    assert [each.name for each in runs.named(queue, [])] == ["a", "b", "c"]
    assert [each.name for each in runs.named(queue, ["c", "a"])] == ["a", "c"]
    with pytest.raises(UsageError, match="there is no run 'd' in the queue; there are a, b, c"):
        runs.named(queue, ["d"])


def test_a_stage_is_over_where_an_hour_gains_less_than_a_hundredth() -> None:
    rising = [row(h / 2, 30 + 0.01 * h) for h in range(6)]
    assert not log.settled(rising, 10) and not log.settled([], 10)
    assert log.settled(rising, 2)
    assert log.settled([*rising, row(3.0, 30.05), row(3.5, 30.055)], 10)
    assert not log.settled([row(0.0, 30.0), row(0.5, 30.0)], 10), "less than an hour has passed"
    assert not log.settled([row(0.0, 31.0, state="rested"), *rising], 10), "cooled down, it was better"
    again = [row(0.0, 30.3), row(1.0, 30.4), row(1.5, 30.6, state="rested"), row(2.0, 30.2), row(2.5, 30.25)]
    assert not log.settled(again, 10), "half an hour since it rested"
    assert log.settled([*again, row(3.0, 30.255), row(3.5, 30.255)], 10)


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [row(0.5, 30.125), row(1.0, 30.2, 1, "cooling", until=5000, cooldown=400)]
    for each in rows:
        log.append(tmp_path / "log.csv", [each])
    assert log.read(tmp_path / "none.csv", tmp_path / "log.csv") == rows
    assert work.position(rows) == Position(1, "cooling", 5000, 400)


def test_the_committed_log_is_readable() -> None:
    names = {r.name for r in runs.load()}
    assert {r.run for r in log.read(log.COMMITTED)} <= names


def test_a_pause_lasts_as_long_as_who_made_it(place: QueueFolder) -> None:
    assert not place.paused()
    with resting(place):
        assert place.paused()
    assert not place.paused()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    place.pause(str(dead.pid))
    assert not place.paused()
    place.pause()
    assert place.paused()
    place.go()
    assert not place.paused()


def test_a_run_starts_from_the_first_checkpoint_that_is_there(place: QueueFolder, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "plain.pt").touch()
    words = work.command(
        run(start=["nothing", "plain"]),
        Position(0),
        Machine("cpu", True, "x", tmp_path),
        place,
    )
    assert words[words.index("--init") + 1] == str(tmp_path / "weights" / "plain.pt")
    assert "--bf16" in words and words[words.index("--threads") + 1] == "1" and "--compile" not in words
    cooling = work.command(run(), Position(1, "cooling", 900, 4), Machine("cuda", True, "x", tmp_path), place)
    assert cooling[cooling.index("--steps") + 1] == "900" and cooling[cooling.index("--cooldown") + 1] == "4"
    assert "--compile" in cooling and "--init" not in cooling


def test_a_run_that_cools_down_cools_anew_when_it_is_asked_to(
    place: QueueFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [sys.executable, "-c", "import time; time.sleep(60)"]
    monkeypatch.setattr(work, "command", lambda *_: waits)
    monkeypatch.setattr(log, "COMMITTED", tmp_path / "none.csv")
    torch.save({"step": 700}, place.checkpoint("a"))
    job = work.RunProcess(run(), Machine("cpu", False, "a processor", tmp_path), place)
    try:
        for steps, step in ((4000, 700), (900, 1200)):
            torch.save({"step": step}, place.checkpoint("a"))
            place.asked_to_cool("a").write_text(str(steps))
            job.follow()
            assert job.at == Position(0, "resting", step + steps, steps)
            job.follow()
            assert job.at.until == step + steps, "asked once, it cools down once"
    finally:
        job.stop()


@pytest.mark.slow
def test_the_queue_trains_cools_down_and_keeps_the_best(
    place: QueueFolder, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MINUTES", 0.001)
    monkeypatch.setattr(log, "LEAST_GAIN", 1e9)
    monkeypatch.setattr(log, "COMMITTED", tmp_path / "none.csv")
    place.pack.symlink_to(pack)
    options = {"batch": 2, "size": 40, "lr": 1e-3, "warmup": 2}
    stages = [Stage(1e-4, options), Stage(1e-4, options, cooldown=4)]
    queue = [run("a", stage=stages), run("b", stage=stages, network="broken")]
    before = signal.getsignal(signal.SIGTERM)
    ended = threading.Thread(target=_end_when, args=(place,), daemon=True)
    ended.start()
    try:
        work.work(queue, Machine("cpu", False, "a processor", tmp_path), place, 2, tick=0.1)
    finally:
        signal.signal(signal.SIGTERM, before)
    rows = log.of(log.read(place.log), "a")
    assert [r.state for r in rows][-1] == "done" and rows[-1].step == rows[-1].until
    assert {r.stage for r in rows} == {0, 1}
    assert rows[-1].hours > 0 and place.supervisor() is None
    (tmp_path / "kept").mkdir()
    (line,) = keep_weights(queue, place, tmp_path / "kept")
    assert line.startswith("a: held x1")
    saved = torch.load(tmp_path / "kept" / "a.pt", weights_only=True)
    build("lite", (1,)).load_state_dict(saved["average"])
    assert "optimisers" not in saved
    (line,) = keep_weights(queue, place, tmp_path / "kept")
    assert line.endswith("left as it is")
    screen = Console(width=80, record=True)
    screen.print(table(queue, place))
    shown = screen.export_text()
    assert "done" in shown
    assert "…" not in shown


def _end_when(place: QueueFolder) -> None:
    """End this process's queue after ten minutes, should it hang."""
    for _ in range(6000):
        time.sleep(0.1)
        if place.log.exists() and ",done," in place.log.read_text():
            return
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_end_is_told_from_the_pace() -> None:
    now = datetime(2026, 12, 1, 20, 15)
    assert left(run(), [], now) == "after 3 h"
    trained = [row(0.0, 30.0), row(0.5, 30.1)]
    assert left(run(), trained, now) == "Tue 22:45"
    cooling = [row(1.0, 30.0, 1, step=1000), row(2.0, 30.1, 1, "cooling", step=2000, until=4000)]
    assert left(run(), cooling, now) == "Tue 22:15"
    assert left(run(), [row(2.0, 30.0, 1, "done")], now) == ""
