from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import NoReturn, Protocol

import msgspec
import numpy as np
import pytest

from interneg.engines import files, speeds
from interneg.engines.models import Model, Precision, load_catalogue
from interneg.engines.network import Network
from interneg.engines.runtimes.base import PrecisionChoice
from interneg.engines.runtimes.openvino import OpenVino
from interneg.engines.source import Engines
from interneg.engines.store import Choice, ChoiceKey, Store
from interneg.errors import EngineError
from interneg.frame import Pixels
from tests.engines.conftest import Write
from tests.engines.stores import read_only, visible

KEY = ChoiceKey(
    model="tiny", weights=(("fp32", "0" * 64), ("int8", "1" * 64)), runtime="openvino", version="1",
    device="CPU", system="Linux x86_64", rules=(3, 1),
)  # fmt: skip
FAST = Choice(KEY, "int8", {"fp32": 3.0, "int8": 1.0}, {})
EXACT = Choice(KEY, "fp32", {"fp32": 1.0}, {"int8": "would move a smooth gradient by 0.004 (limit 0.00049)"})


def never() -> Choice:
    raise AssertionError("nothing had to be measured")


def test_a_choice_stays_whatever_would_be_measured_later(store: Store) -> None:
    assert store.choice(KEY, lambda: FAST) == FAST
    assert store.choice(KEY, never) == FAST
    assert Store(store.folders).choice(KEY, never) == FAST
    assert visible(store.folders[0]) == [f"{KEY.stem}.json"], "no temporary file is left"


@pytest.mark.parametrize("field", [f for f in ChoiceKey.__struct_fields__ if f not in ("weights", "rules")])
def test_a_choice_holds_for_its_own_key_only(store: Store, field: str) -> None:
    store.choice(KEY, lambda: FAST)
    other = msgspec.structs.replace(KEY, **{field: "other"})
    exact = msgspec.structs.replace(EXACT, key=other)
    assert store.choice(other, lambda: exact) == exact


def test_other_weights_are_measured_again(store: Store) -> None:
    store.choice(KEY, lambda: FAST)
    other = msgspec.structs.replace(KEY, weights=(("fp32", "0" * 64), ("int8", "2" * 64)))
    exact = msgspec.structs.replace(EXACT, key=other)
    assert store.choice(other, lambda: exact) == exact


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe", b"{}", msgspec.json.encode(EXACT).replace(b"tiny", b"huge")]
)
def test_a_damaged_choice_is_replaced(store: Store, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    store.folders[0].mkdir()
    (store.folders[0] / f"{KEY.stem}.json").write_bytes(data)
    assert store.choice(KEY, lambda: FAST) == FAST
    assert "is not used" in caplog.text
    assert store.choice(KEY, never) == FAST


def test_of_many_at_once_one_measures(tmp_path: Path) -> None:
    ready = threading.Barrier(4)
    calls: list[int] = []
    found: list[Choice | None] = []

    def work(number: int) -> None:
        def measure() -> Choice:
            calls.append(number)
            return FAST if number % 2 else EXACT

        ready.wait(10)
        found.append(Store([tmp_path / "store"]).choice(KEY, measure))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1 and len(found) == 4 and found.count(found[0]) == 4


def no_links(*_: object) -> NoReturn:
    raise PermissionError(1, "no links")


@pytest.mark.parametrize("links", [True, False])
def test_without_locks_all_take_what_is_in_the_store(
    store: Store, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    monkeypatch.setattr(files, "locked", lambda path: nullcontext(True))
    if not links:
        monkeypatch.setattr(os, "link", no_links)

    def slow() -> Choice:
        assert store.choice(KEY, lambda: EXACT) == EXACT  # another process was faster
        return FAST

    assert store.choice(KEY, slow) == (EXACT if links else FAST) == store.choice(KEY, never)


def test_a_farm_reads_what_was_chosen_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    Store([shared]).choice(KEY, lambda: FAST)
    read_only(monkeypatch, shared)
    assert Store([shared, own]).choice(KEY, never) == FAST
    other = msgspec.structs.replace(KEY, device="another CPU")
    assert Store([shared, own]).choice(other, lambda: msgspec.structs.replace(EXACT, key=other)) is not None
    assert visible(own) == [f"{other.stem}.json"]


def test_nothing_is_measured_that_cannot_be_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    assert Store([tmp_path / "file" / "store"]).choice(KEY, never) is None
    assert "default precision of tiny is not measured" in caplog.text


def test_a_choice_says_why() -> None:
    assert FAST.reason == "measured 3.0 times as fast as fp32"
    assert EXACT.reason == (
        "nothing else will do; int8 is not taken: it would move a smooth gradient by 0.004 (limit 0.00049)"
    )
    level = Choice(KEY, "fp32", {"fp32": 1.0, "int8": 0.95}, {})
    assert level.reason == "measured, nothing is faster by a tenth"


# How a default precision comes about, with stand-in times: on every CPU.


Times = tuple[float, float]


class Describe(Protocol):
    """The line about tiny where fp32 and int8 take these times."""

    def __call__(self, times: Times, precision: str = "auto", store: Store = ...) -> str: ...


@pytest.fixture
def int8(write: Write, store: Store, monkeypatch: pytest.MonkeyPatch) -> Describe:
    folder = write("tiny", int8=True)
    monkeypatch.setattr(OpenVino, "candidates", lambda self, model: ("fp32", "int8"))
    monkeypatch.setattr(OpenVino, "choose", lambda self, model: PrecisionChoice("fp32", "the rule"))
    monkeypatch.setattr(speeds, "EVEN", 1.0)

    def describe(times: Times, precision: str = "auto", store: Store = store) -> str:
        def stand_in(networks: Mapping[Precision, Network], channels: int) -> dict[Precision, float]:
            assert channels == 6
            stated: dict[Precision, float] = {"fp32": times[0], "int8": times[1]}
            return {p: stated[p] for p in stated if p in networks}

        monkeypatch.setattr(speeds, "seconds", stand_in)
        return Engines("openvino", precision, folders=[folder], store=store).describe("tiny")

    return describe


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ((3.0, 1.0), "in int8 (measured 3.0 times as fast as fp32) on"),
        ((1.0, 3.0), "in fp32 (measured, nothing is faster by a tenth) on"),
        ((1.09, 1.0), "in fp32 (measured, nothing"),
        ((1.12, 1.0), "in int8 (measured 1.1 times"),
    ],
)
def test_the_fastest_is_taken_and_a_tie_goes_to_the_more_exact(
    int8: Describe, times: Times, words: str
) -> None:
    assert words in int8(times)


def test_a_later_measurement_changes_nothing_and_a_pin_is_kept(int8: Describe) -> None:
    assert "in int8 (measured" in int8((3.0, 1.0))
    assert "in int8 (measured" in int8((1.0, 3.0))
    assert "in fp32 (as asked)" in int8((3.0, 1.0), "fp32")


def test_what_bands_a_gradient_is_no_default(int8: Describe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speeds, "EVEN", 1e-6)
    line = int8((3.0, 1.0))
    assert "in fp32 (nothing else will do; int8 is not taken: it would move a smooth gradient by 0.0" in line
    assert "in int8 (as asked)" in int8((3.0, 1.0), "int8")


def test_what_is_no_picture_bands_nothing(int8: Describe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speeds, "EVEN", 1e-6)
    monkeypatch.setattr(Model, "corrects", False)
    assert "in int8 (measured 3.0 times as fast as fp32)" in int8((3.0, 1.0))


def test_what_does_not_qualify_is_no_default(int8: Describe, monkeypatch: pytest.MonkeyPatch) -> None:
    real = OpenVino.load

    def refusing(
        self: OpenVino, model: Model, precision: Precision, threads: int | None, store: Store
    ) -> Network:
        if precision == "int8":
            raise EngineError("it cannot")
        return real(self, model, precision, threads, store)

    monkeypatch.setattr(OpenVino, "load", refusing)
    assert "in fp32 (nothing else will do; int8 is not taken: it does not qualify)" in int8((3.0, 1.0))


def test_where_no_choice_can_be_kept_the_rule_decides(int8: Describe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "in fp32 (the rule)" in int8((3.0, 1.0), store=Store([tmp_path / "file" / "store"]))


class Clocked(Network):
    """A network that moves a clock by the next of its times with each inference."""

    def __init__(self, model: Model, clock: list[float], *times: float) -> None:
        super().__init__(model)
        self.clock, self.times = clock, list(times)

    def _infer(self, planes: Pixels, out: Pixels) -> None:
        self.clock[0] += self.times.pop(0)


def test_the_best_of_several_rounds_counts_but_for_the_first(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, clock = load_catalogue([write("tiny")])["tiny"], [0.0]
    monkeypatch.setattr(time, "process_time", lambda: clock[0])
    fp32, int8 = Clocked(model, clock, 0.01, 0.06, 0.04, 0.05), Clocked(model, clock, 0.01, 0.03, 0.03, 0.02)
    assert speeds.seconds({"fp32": fp32, "int8": int8}, 6) == pytest.approx({"fp32": 0.04, "int8": 0.02})
    slow = Clocked(model, clock, 1.0, 3.0, 2.0)
    assert speeds.seconds({"fp32": slow}, 6) == pytest.approx({"fp32": 2.0})


def test_the_ramp_is_in_luma_or_in_red_green_and_blue_with_a_hole_in_its_middle() -> None:
    slope = np.linspace(0, 1, 256, dtype=np.float32)
    luma = speeds.ramp(["Y", "Cb", "sigma Y", "apart Y"])
    np.testing.assert_array_equal(luma[0], np.tile(slope, (64, 1)))
    assert not luma[1].any() and luma[2, 0, 0] == np.float32(0.01) and luma[2, -1, 0] == np.float32(0.03)
    *colour, hole = speeds.ramp(["R", "G", "B", "hole"])
    for plane in colour:
        np.testing.assert_array_equal(plane, np.tile(slope, (64, 1)))
    assert hole[:, 64:-64].all() and not hole[:, :64].any() and not hole[:, -64:].any()
